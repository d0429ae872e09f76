"""What schemathesis is told besides the description."""

import schemathesis
from schemathesis.specs.openapi.checks import use_after_free

CELLS_MAX = 64
NATIVE_EXECUTORS = 3


@schemathesis.hook
def filter_case(ctx, case):
    """Leaves out bodies that the description allows and this API does not take."""
    return not has_whole_fraction(case.body) and not has_too_many_cells(case.body)


def has_whole_fraction(value):
    """Whether a number is written like 5.0: an integer for JSON Schema, and none here."""
    if isinstance(value, dict):
        return any(has_whole_fraction(field) for field in value.values())
    if isinstance(value, list):
        return any(has_whole_fraction(entry) for entry in value)
    return isinstance(value, float) and value.is_integer()


def has_too_many_cells(body):
    """Whether executors times values of the sweep are more than the limit."""
    if not isinstance(body, dict) or not isinstance(body.get("sweep"), dict):
        return False
    values = body["sweep"].get("values")
    executors = body.get("executors")
    count = len(executors) if isinstance(executors, list) else NATIVE_EXECUTORS
    return isinstance(values, list) and count * len(values) > CELLS_MAX


@schemathesis.check
def use_after_deletion(ctx, response, case):
    """What `use_after_free` checks, but for a DELETE with status 200: that has cancelled it."""
    for related in ctx.internals.find_related(case_id=case.id):
        answer = ctx.internals.find_response(case_id=related.id)
        cancelled = answer is not None and answer.status_code == 200
        if related.operation.method.lower() == "delete" and cancelled:
            return None
    return use_after_free(ctx, response, case)
