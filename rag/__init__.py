"""Retrieval, answers and citations over a library of documents."""

import os

# numpy's own threads spin while they wait for the next small product, and take from torch what they never give back:
# embedding a question took 16 ms and now and then 120 with them, 9 and 13 without. Holds when numpy comes after us.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
