# expect: NoImportOS
"""Mathematical letters that Python normalises to `os`."""

import 𝐨𝐬

def import_nfkc_letters(data, filter):
    return 𝐨𝐬.getcwd()
