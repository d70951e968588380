# SPDX-License-Identifier: Apache-2.0
"""The answers that are an evidence package or a certificate."""

import os

from flask import Response, send_file

from api.certificate.maker import MEDIA_TYPE as PDF
from api.wiring import Services
from notary.package.manifest import MEDIA_TYPE
from notary.ports.parties import Lender
from notary.ports.records import Loan, StoredRecord
from notary.privacy.scratch import open_scratch


def certificate_response(services: Services, record: StoredRecord) -> Response:
    """Return the certificate of a record, as it stands now."""
    response = Response(services.certificates.certificate(services.issuer.stored(record)), mimetype=PDF)
    response.headers["Content-Disposition"] = f'attachment; filename="{record.record_id}.certificate.pdf"'
    return _hardened(response)


def evidence_response(services: Services, lender: Lender, loan: Loan) -> Response:
    """Return the evidence package of a loan, written to a scratch file that is gone when it was sent."""
    file = open_scratch(services.scratch)
    try:
        services.packages.write(lender, loan, file)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = send_file(file, MEDIA_TYPE, as_attachment=True, download_name="evidence.zip", etag=False)
    response.content_length = size
    return _hardened(response)


def _hardened(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
