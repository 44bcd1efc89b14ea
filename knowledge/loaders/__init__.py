"""Files into tables: listings, statistic series, areas; in bulk, idempotently, with bad rows kept in quarantine.

`ingest_file` is the whole public way in; pandas and pyarrow are imported only when a file is read.
"""

from knowledge.loaders.ingest import LoadResult, ingest_file
from knowledge.loaders.mapping import Mapping, attribution_of, mappings, recognise

__all__ = ["LoadResult", "Mapping", "attribution_of", "ingest_file", "mappings", "recognise"]
