"""Many matrices at once, one thread each."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Made = TypeVar("Made")


def ahead(makers: list[Callable[[], Made]]) -> Iterator[Made]:
    """What they make, in order. Others are made while one is used: by as many threads as PyTorch has, each of which
    computes alone, because to share every small step among threads costs more than the step."""
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            coming = deque()
            for make in makers:
                coming.append(pool.submit(make))
                if len(coming) > threads:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
    finally:
        torch.set_num_threads(threads)  # for threads to come
