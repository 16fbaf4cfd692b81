"""A tenant's backend: it asks Pushward, with the stock Twilio client, whether its user is who they say.

__main__.py       runs it                         settings.py      where Pushward is, and as whom to call it
app.py            routes; builds everything       endpoints.py     what each route does
bodies.py         JSON that strangers send        identity.py      what was typed, as an identity without a name in it
verification.py   what is asked of Pushward       recorded_http.py the stock client's transport, watched
calls.py          the last calls, secrets masked  webhooks.py      answers as they come, signature checked
errors.py         how a request is refused        pages.py         the web app and the device page, and their headers

    python -m samples.backend --dev var/dev.json      beside `pushward serve all` in development
"""
