# SPDX-License-Identifier: Apache-2.0
"""The pages for people: rendered here on the server, in Chinese and English, from `api/templates`.

`language`, `page`, `words`, `charts` and `errors` are what all pages share; `api.pages.site` puts the pages together.
"""
