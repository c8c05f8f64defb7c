"""Numbers, dates, amounts and units as Chinese and English texts write them."""
