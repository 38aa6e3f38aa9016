# expect: clean
"""Messages as they are."""

from gettext import gettext as _, ngettext

def messages_untranslated(data, filter):
    return _("found"), ngettext("row", "rows", len(data))
