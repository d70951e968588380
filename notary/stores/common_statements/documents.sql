-- SPDX-License-Identifier: Apache-2.0
-- name: document
SELECT lender, sha256, sm3, size, media_type, received_at, checks FROM documents WHERE lender = ? AND sha256 = ?;

-- name: add_document
INSERT INTO documents (lender, sha256, sm3, size, media_type, received_at, checks) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lender, sha256) DO NOTHING;

-- name: replace_document_checks
UPDATE documents SET checks = ? WHERE lender = ? AND sha256 = ?;

-- name: attachments
SELECT sha256, kind, received_at, checks FROM document_attachments
WHERE lender = ? AND document = ? ORDER BY received_at, sha256;

-- name: add_attachment
INSERT INTO document_attachments (lender, document, sha256, kind, received_at, checks, data)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lender, document, sha256) DO NOTHING;

-- name: replace_attachment_checks
UPDATE document_attachments SET checks = ? WHERE lender = ? AND document = ? AND sha256 = ?;

-- name: attachment_data
SELECT data FROM document_attachments WHERE lender = ? AND document = ? AND sha256 = ?;

-- name: remove_attachments
DELETE FROM document_attachments WHERE lender = ? AND document = ?;

-- name: remove_document
DELETE FROM documents WHERE lender = ? AND sha256 = ?;
