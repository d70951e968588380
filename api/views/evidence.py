# SPDX-License-Identifier: Apache-2.0
"""The answer that is an evidence package."""

import os
import tempfile

from flask import Response, send_file

from api.wiring import Services
from notary.errors import UnavailableError
from notary.package.manifest import MEDIA_TYPE
from notary.ports import Lender, Loan


def evidence_response(services: Services, lender: Lender, loan: Loan) -> Response:
    """Return the evidence package of a loan, written to a file without a name that is gone when it was sent."""
    try:
        file = tempfile.TemporaryFile(dir=services.scratch)  # noqa: SIM115 - the response closes it
    except OSError as error:
        raise UnavailableError(f"the package cannot be written now: {error.strerror}") from error
    try:
        services.packages.write(lender, loan, file)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = send_file(file, MEDIA_TYPE, as_attachment=True, download_name="evidence.zip", etag=False)
    response.content_length = size
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
