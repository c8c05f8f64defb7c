"""Parses replies into pairs: cleans a reply, reads its layouts in order, and trims the pairs.

cleaning -> json_pairs | markup | tables | mappings | labelled (learnt_labels) | lists -> trimming
-> (failure_reasons if no pairs)
"""
