"""The UUID of a task, and the way back."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from lineage.model.run_ids import run_uuid, task_key


@given(st.text("0123456789abcdef", min_size=16, max_size=16))
def test_a_key_is_found_in_its_uuid(key: str) -> None:
    """The UUID of a recorder's key leads back to the key, in any letter case."""
    found = uuid.UUID(run_uuid(key))
    assert (found.version, found.variant) == (8, uuid.RFC_4122)
    assert task_key(str(found).upper()) == key


@given(st.text(max_size=40))
def test_any_other_key_has_one_uuid_of_its_own(key: str) -> None:
    """The same text gives the same UUID, which leads nowhere."""
    if len(key) != 16:
        assert run_uuid(key) == run_uuid(key)
        assert task_key(run_uuid(key)) is None


@given(st.uuids())
def test_the_uuids_of_others_lead_nowhere(other: uuid.UUID) -> None:
    """A random UUID is no task of ours."""
    assert task_key(str(other)) is None
