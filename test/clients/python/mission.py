"""The mission with the client that openapi-python-client makes of openapi.yaml."""

import json
import os
import time
from pathlib import Path

from latchkey_client import AuthenticatedClient, Client
from latchkey_client.api.account import read_account
from latchkey_client.api.email_change import check_confirm_link, confirm_email_change, request_email_change
from latchkey_client.api.password import read_password_policy, request_password_reset, reset_password
from latchkey_client.api.registration import register, verify_email
from latchkey_client.api.sessions import list_sessions, log_in, refresh_session
from latchkey_client.models import (
    Account,
    Email,
    EmailChangeRequest,
    EmailRequest,
    LogInRequest,
    PasswordPolicy,
    PendingEmailChange,
    Problem,
    RefreshRequest,
    RegisterRequest,
    ResetPasswordRequest,
    SessionList,
    TokenRequest,
    Tokens,
    VerificationSent,
    WorkingLink,
)
from latchkey_client.models.checked_by import CheckedBy

URL = os.environ["LATCHKEY_URL"]
MAIL_FOLDER = Path(os.environ["MAIL_FOLDER"])
EMAIL = "ada+python@example.com"
NEW_EMAIL = "ada+python@newdomain.example"


def mailed_token(kind: str, to: str) -> str:
    """The token in the newest mail of a kind to an address. The worker may not have sent it yet."""
    while True:
        for file in sorted(MAIL_FOLDER.glob("*.json"), reverse=True):
            mail = json.loads(file.read_text())
            if mail["kind"] == kind and mail["to"] == to:
                return str(mail["link"]).split("#token=")[1]
        time.sleep(0.1)


def code_of(answer: object) -> str:
    assert isinstance(answer, Problem), answer
    return answer.code


def refreshed(tokens: Tokens) -> Tokens:
    answer = refresh_session.sync(client=api, body=RefreshRequest(refresh_token=tokens.refresh_token))
    assert isinstance(answer, Tokens), answer
    return answer


api = Client(base_url=URL, raise_on_unexpected_status=True)

# register and verify
policy = read_password_policy.sync(client=api)
assert isinstance(policy, PasswordPolicy)
assert [rule.rule for rule in policy.rules if rule.checked_by is CheckedBy.SAVE] == ["not_current"]
weak = register.sync(client=api, body=RegisterRequest(email=EMAIL, password="short"))
assert isinstance(weak, Problem) and weak.code == "password_policy"
assert any(violation.rule == "min_length" for violation in weak.violations or [])
sent = register.sync(client=api, body=RegisterRequest(email=EMAIL, password="Correct-Horse-7"))
assert isinstance(sent, VerificationSent), sent
verification = TokenRequest(token=mailed_token("verify_email", EMAIL))
verified = verify_email.sync(client=api, body=verification)
assert isinstance(verified, Email) and verified.email == EMAIL, verified
assert code_of(verify_email.sync(client=api, body=verification)) == "link_used"

# sign in and refresh
wrong = log_in.sync_detailed(client=api, body=LogInRequest(email=EMAIL, password="Wrong-Horse-7"))
assert wrong.status_code == 401 and code_of(wrong.parsed) == "invalid_credentials"
tokens = log_in.sync(client=api, body=LogInRequest(email=EMAIL, password="Correct-Horse-7"))
assert isinstance(tokens, Tokens), tokens
tokens = refreshed(tokens)
ada = AuthenticatedClient(base_url=URL, token=tokens.access_token)
open_sessions = list_sessions.sync(client=ada)
assert isinstance(open_sessions, SessionList)
assert [(one.id, one.current) for one in open_sessions.sessions] == [(tokens.session_id, True)]

# email change: the session stays open, and gets its new access token by a refresh
change = EmailChangeRequest(new_email=NEW_EMAIL, current_password="Correct-Horse-7")
pending = request_email_change.sync(client=ada, body=change)
assert isinstance(pending, PendingEmailChange) and pending.pending_email == NEW_EMAIL, pending
confirmation = TokenRequest(token=mailed_token("confirm_email", NEW_EMAIL))
link = check_confirm_link.sync(client=api, body=confirmation)
assert isinstance(link, WorkingLink) and link.email_hint.startswith("a•••@"), link
confirmed = confirm_email_change.sync(client=api, body=confirmation)
assert isinstance(confirmed, Email) and confirmed.email == NEW_EMAIL, confirmed
assert code_of(read_account.sync(client=ada)) == "unauthenticated"
tokens = refreshed(tokens)
ada = AuthenticatedClient(base_url=URL, token=tokens.access_token)
account = read_account.sync(client=ada)
assert isinstance(account, Account), account
assert (account.email, account.pending_email) == (NEW_EMAIL, None)

# reset
request_password_reset.sync(client=api, body=EmailRequest(email=NEW_EMAIL))
reset = ResetPasswordRequest(token=mailed_token("reset_password", NEW_EMAIL), new_password="Battery-Staple-8")
assert reset_password.sync_detailed(client=api, body=reset).status_code == 204
assert isinstance(log_in.sync(client=api, body=LogInRequest(email=NEW_EMAIL, password="Battery-Staple-8")), Tokens)
