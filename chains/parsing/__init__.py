"""Parses replies into pairs: cleans a reply, reads JSON, tables, labels or lists, trims the pairs.

cleaning -> json_pairs | tables | labelled | lists -> trimming -> (failure_reasons if no pairs)
"""
