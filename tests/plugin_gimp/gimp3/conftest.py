from __future__ import annotations

from tests.engine.client.conftest import as_nobody

__all__ = ["as_nobody"]
