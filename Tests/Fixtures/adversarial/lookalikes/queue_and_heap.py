# expect: clean
"""Containers."""

import heapq
from collections import Counter, deque
from queue import PriorityQueue

def queue_and_heap(data, filter):
    queue = PriorityQueue()
    queue.put((1, data))
    return heapq.nlargest(2, Counter(deque(data)).items())
