# expect: NoNetwork
"""Opens a browser."""

import webbrowser

def webbrowser_opens(data, filter):
    return webbrowser.open(data)
