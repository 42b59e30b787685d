// Generated from openapi.yaml by `npm run generate`. Do not edit.

export interface paths {
    "/v1/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register an account
         * @description Mails a link that verifies the address. The answer is the same, and takes the same time, for a new address, an address in use and a locked address. Only the mail that follows differs.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify an email address
         * @description Takes the token from the verification mail and creates the account of that registration, with its password. The link works regardless of who is signed in. If the address has so many unverified registrations that some received no mail, the account has no password yet. The person then receives a mail with a link to choose one.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/verify/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a verification link
         * @description Call it when the page of the link opens. It returns the address that the link is for, with most of its characters hidden. The token is not consumed.
         */
        post: operations["checkVerificationLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/verify/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request another verification mail
         * @description Mails another verification link to the address if it has a registration that is not verified yet. The answer is the same, and takes the same time, for every address.
         */
        post: operations["resendVerification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Starts a session. An unknown address and a wrong password get the same answer after the same time. After several wrong passwords, attempts are slowed down (429); the owner can still sign in from a network that the account has used before.
         */
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/token/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh a session
         * @description Consumes the refresh token and returns its successor with a new access token. Store the successor before it is needed. If the answer was lost, or two tabs refresh at once, the same token can be sent again within 30 seconds (`REFRESH_REUSE_WINDOW`) until its successor is used, and gets the same successor. Any older token revokes the session.
         */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends the session that the refresh token names. If the body has no valid refresh token, the access token in the Authorization header is used. The answer is 204 only if that session has ended, now or before.
         */
        post: operations["logOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reauthenticate
         * @description Checks the current password and returns a reauthentication token. The token allows one sensitive change by this session.
         */
        post: operations["reauthenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of the account
         * @description Each session is one device on which the account is signed in.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        /**
         * Revoke all other sessions
         * @description Signs the person out on every device except the current one.
         */
        delete: operations["revokeOtherSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a session
         * @description Signs the person out on that device.
         */
        delete: operations["revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Retrieve the account
         * @description Returns the account that the access token belongs to. Call it after sign-in, and again after an email change.
         */
        get: operations["readAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the language of mails
         * @description Sets the language in which mails to the person are written. If there are no texts in this language, they are written in the default language of the service.
         */
        patch: operations["updateAccount"];
        trace?: never;
    };
    "/v1/email/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Retrieve the pending email change
         * @description Returns the new address that still has to be confirmed. Show it in the account settings, with a button that cancels the change.
         */
        get: operations["readPendingEmailChange"];
        put?: never;
        /**
         * Request an email change
         * @description Mails a confirm link to the new address. The current address receives a notice with a link that cancels the change. The current address stays in force until the change is confirmed. A second request replaces the first. Prove the password in one of two ways: send `reauthToken` from `POST /v1/reauthenticate`, or `currentPassword` to do both in one step. A refused request does not consume the `reauthToken`.
         */
        post: operations["requestEmailChange"];
        /**
         * Cancel the pending email change
         * @description The confirm link stops working. The current address stays in force.
         */
        delete: operations["cancelEmailChange"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/change/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an email change
         * @description Takes the token from the mail to the new address. The link works regardless of who is signed in. Every session except the one that requested the change is revoked. That session continues with its refresh token; its access token stops working.
         */
        post: operations["confirmEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/change/confirm/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a confirm link
         * @description Call it when the page of the link opens, before the person clicks a button. It answers with the errors of the confirmation itself. The token is not consumed.
         */
        post: operations["checkConfirmLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/change/revert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel or undo an email change
         * @description Takes the token from a notice to the old address. The link works regardless of who is signed in. Before the change is confirmed, it cancels the change and revokes the session that requested it. After the change is confirmed, it restores the old address: every session is revoked, the password no longer works, and reset instructions are mailed to the old address.
         */
        post: operations["revertEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/change/revert/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a revert link
         * @description Returns what the revert would do now, so that the page can say so before the person clicks. The token is not consumed.
         */
        post: operations["checkRevertLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Takes either `currentPassword` or `reauthToken`. This session continues with the tokens in the answer; its old tokens stop working at once. Every other session is revoked.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request reset instructions
         * @description Mails a reset link to the address if it belongs to an account. The answer is the same, and takes the same time, for every address. Several links of an account can work at the same time; using one invalidates the others.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/reset/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a reset link
         * @description Call it when the page of the link opens. It returns the address that the link is for, with most of its characters hidden. The token is not consumed.
         */
        post: operations["checkResetLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset the password
         * @description Takes the token from the reset instructions. The link works regardless of who is signed in. Every session of the account is revoked, and no session is created: the person signs in with the new password. A refused password does not consume the token.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Retrieve the password policy
         * @description Call it before a form is shown, and list the rules beside the field of the new password.
         */
        get: operations["readPasswordPolicy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a password
         * @description Use this for a live checklist while a person types a new password. It changes nothing.
         */
        post: operations["checkPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        RegisterRequest: {
            /** @description The email address. Spaces around it are ignored. */
            email: string;
            /**
             * Format: password
             * @description The password. It must meet every rule of `GET /v1/password/policy`.
             */
            password: string;
            /** @description The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`. Without it, the language comes from the `Accept-Language` header. */
            locale?: string;
        };
        /** @description The registration is recorded, and a mail follows. The answer is the same for every address. */
        VerificationSent: {
            /**
             * @description Always `verification_sent`.
             * @enum {string}
             */
            status: "verification_sent";
            /** @description A code that the person can read to Support. With it, `GET /v1/admin/receipts/{receipt}` shows what became of the request. */
            receipt: string;
        };
        /** @description An error, as a problem document (RFC 9457). */
        Problem: {
            /** @description The `code` as a URN. */
            type: string;
            /** @description A few words that name the problem. They may be shown to a person. */
            title: string;
            /** @description The HTTP status of the response. */
            status: number;
            /** @description What happened and what to do next, in plain English that may be shown to a person. The words can change; do not compare them. */
            detail: string;
            /** @description The stable code of the problem, by which programs decide. Each operation lists the codes that it answers with. New codes may be added: treat a code that you do not know by its HTTP status. */
            code: string;
            /** @description The id of the request, which Support asks for. The `X-Request-Id` header has the same value. */
            instance: string;
            /** @description Every rule that the request breaks, for a form that marks its fields. */
            violations?: components["schemas"]["Violation"][];
            /** @description Seconds to wait before the next attempt. The `Retry-After` header has the same value. */
            retryAfter?: number;
            /** @description How to contact Support. It is present if `detail` asks the person to contact Support. */
            support?: string;
        };
        /** @description A rule that a field of the request breaks. */
        Violation: {
            /** @description The field of the request, such as `email`. Nested names are joined with dots. */
            field: string;
            /** @description The rule that the field breaks: a rule of the password policy, such as `min_length`, or a check of the request, such as `required`, `unknown`, `type` or `format`. New rules may be added. */
            rule: string;
            /** @description What is wrong, in one sentence that may be shown to a person beside the field. */
            message: string;
        };
        TokenRequest: {
            /** @description The token in the fragment of the mailed link. */
            token: string;
        };
        /** @description The current address of the account. */
        Email: {
            /** @description The current address of the account. */
            email: string;
        };
        /** @description The link works. */
        WorkingLink: {
            /** @description The address that the link is for, with most of its characters hidden. */
            emailHint: string;
            /**
             * Format: date-time
             * @description When the link expires.
             */
            expiresAt: string;
        };
        EmailRequest: {
            /** @description The email address. Spaces around it are ignored. */
            email: string;
        };
        /** @description The request is recorded. A mail follows if there is a reason to send one. */
        Accepted: {
            /**
             * @description Always `accepted`.
             * @enum {string}
             */
            status: "accepted";
            /** @description A code that the person can read to Support. With it, `GET /v1/admin/receipts/{receipt}` shows what became of the request. */
            receipt: string;
        };
        LogInRequest: {
            /** @description The email address of the account. */
            email: string;
            /**
             * Format: password
             * @description The password.
             */
            password: string;
        };
        /** @description The tokens of the session. */
        Tokens: {
            /** @description A JWT (RFC 9068). Send it in the header `Authorization: Bearer`. Treat it as opaque: ask `GET /v1/me` about the account. */
            accessToken: string;
            /**
             * @description Always `Bearer`.
             * @enum {string}
             */
            tokenType: "Bearer";
            /** @description Seconds until the access token expires. Refresh the session shortly before. */
            expiresIn: number;
            /** @description A single-use token for `POST /v1/token/refresh`. Store it where no other program can read it: it keeps the session open. */
            refreshToken: string;
            /** @description Seconds until the session expires and the person must sign in again. Refreshing does not extend it. */
            refreshExpiresIn: number;
            /**
             * Format: uuid
             * @description The id of the session, as in `GET /v1/sessions`.
             */
            sessionId: string;
        };
        RefreshRequest: {
            /** @description The refresh token of the last answer. This request consumes it. */
            refreshToken: string;
            /** @description One of TOKEN_RESOURCES (RFC 8707). The access token is then for this resource only: its `aud` is the resource, and Latchkey’s own routes refuse it. */
            resource?: string;
        };
        LogOutRequest: {
            /** @description The refresh token of the session. Without it, the access token in the Authorization header names the session. */
            refreshToken?: string;
        };
        ReauthenticateRequest: {
            /**
             * Format: password
             * @description The current password of the account.
             */
            currentPassword: string;
        };
        /** @description A single-use token for one sensitive change by this session. */
        Reauthentication: {
            /** @description Send it in the request for the change. It works once, and only in this session. */
            reauthToken: string;
            /** @description Seconds until the reauthentication token expires. */
            expiresIn: number;
        };
        /** @description The open sessions of the account. */
        SessionList: {
            /** @description The newest sign-in first. */
            sessions: components["schemas"]["Session"][];
        };
        /** @description A sign-in on one device. */
        Session: {
            /**
             * Format: uuid
             * @description The id of the session.
             */
            id: string;
            /**
             * Format: date-time
             * @description When the person signed in.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the session was last refreshed or, before the first refresh, when the person signed in.
             */
            lastSeenAt: string;
            /** @description The IP address that the sign-in came from. */
            ip: string | null;
            /** @description The IP address of the last refresh or, before the first refresh, of the sign-in. */
            lastIp: string | null;
            /** @description The User-Agent header of the sign-in. */
            userAgent: string | null;
            /** @description The device in words, as the mails name it: "Firefox on Linux", or "an unknown device". */
            device: string;
            /** @description Whether this is the session of the access token that was sent. */
            current: boolean;
        };
        /** @description The sessions are revoked. */
        SessionsRevoked: {
            /** @description The number of sessions that were revoked. */
            revoked: number;
        };
        /** @description The account of the signed-in person. */
        Account: {
            /**
             * Format: uuid
             * @description The id of the account. It never changes: store this id, and not the address, with your own data.
             */
            id: string;
            /** @description The current address. */
            email: string;
            /** @description Whether the person has proven that they receive mail at the address. */
            emailVerified: boolean;
            /** @description The new address of the pending email change. Null if no change is pending. */
            pendingEmail: string | null;
            /**
             * Format: date-time
             * @description When the account was created.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the password was last changed or reset. Null if it never was.
             */
            passwordChangedAt: string | null;
            /** @description The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`. If it is null, the language of a mail comes from the `Accept-Language` header of the request that causes it. */
            locale: string | null;
        };
        UpdateAccountRequest: {
            /** @description A BCP 47 tag, such as `de` or `en-GB`. With null, the language comes from the `Accept-Language` header again. */
            locale: string | null;
        };
        EmailChangeRequest: {
            /** @description The new address. Spaces around it are ignored. */
            newEmail: string;
            /** @description The token from `POST /v1/reauthenticate`, for a change in two screens. */
            reauthToken?: string;
            /**
             * Format: password
             * @description The current password, for a change in one screen. Send either this or `reauthToken`.
             */
            currentPassword?: string;
        };
        /** @description The email change is pending. It takes effect when the link mailed to the new address is used. */
        PendingEmailChange: {
            /** @description The new address. It is not in force yet. */
            pendingEmail: string;
            /**
             * Format: date-time
             * @description When the confirm link in the mail to the new address expires.
             */
            expiresAt: string;
        };
        /** @description The change is cancelled or undone. */
        RevertedEmailChange: {
            /** @description The current address of the account. */
            email: string;
            outcome: components["schemas"]["RevertOutcome"];
        };
        /**
         * @description What a revert does. `cancelled`: the change is still pending, and is cancelled. `restored`: the change is confirmed, and the old address is in force again; everybody is signed out and the password no longer works.
         * @enum {string}
         */
        RevertOutcome: "cancelled" | "restored";
        /** @description The link works. */
        WorkingRevertLink: {
            /** @description The address that the account would have after the revert, with most of its characters hidden. */
            emailHint: string;
            /**
             * Format: date-time
             * @description When the link expires.
             */
            expiresAt: string;
            outcome: components["schemas"]["RevertOutcome"];
        };
        ChangePasswordRequest: {
            /**
             * Format: password
             * @description The current password. Required unless `reauthToken` is given.
             */
            currentPassword?: string;
            /** @description The token from `POST /v1/reauthenticate`. Send it instead of `currentPassword`. */
            reauthToken?: string;
            /**
             * Format: password
             * @description The new password. It must meet every rule of `GET /v1/password/policy`.
             */
            newPassword: string;
        };
        ResetPasswordRequest: {
            /** @description The token in the fragment of the mailed link. */
            token: string;
            /**
             * Format: password
             * @description The new password. It must meet every rule of `GET /v1/password/policy`.
             */
            newPassword: string;
        };
        /** @description Every rule that a new password must meet. */
        PasswordPolicy: {
            /** @description The smallest number of characters. */
            minLength: number;
            /** @description The largest number of characters. */
            maxLength: number;
            /** @description The rules in the order in which a form would show them. */
            rules: components["schemas"]["PasswordRule"][];
        };
        /** @description A rule that a new password must meet. */
        PasswordRule: {
            /** @description The name of the rule, as in `violations`. New rules may be added. */
            rule: string;
            /** @description The rule in words that may be shown to a person. */
            description: string;
            checkedBy: components["schemas"]["CheckedBy"];
        };
        /**
         * @description `check`: `POST /v1/password/check` checks this rule. `save`: only the request that sets the password checks it.
         * @enum {string}
         */
        CheckedBy: "check" | "save";
        CheckPasswordRequest: {
            /**
             * Format: password
             * @description The password as typed so far.
             */
            password: string;
            /** @description The address of the account. The rule `not_email` needs it. */
            email?: string;
        };
        /** @description The result of the check. */
        PasswordChecklist: {
            /** @description Whether the password meets every rule that is checked here. */
            acceptable: boolean;
            /** @description Every rule that the password breaks. */
            violations: components["schemas"]["Violation"][];
            /** @description The rules that cannot be checked here: show them without a tick. `not_email` is one of them if `email` is not given. */
            unchecked: string[];
        };
    };
    responses: {
        /** @description `invalid_request`: The request is malformed: `violations` names each field and what is wrong with it. */
        InvalidRequestRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `too_many_attempts`: Too many attempts or requests. Wait for `retryAfter` seconds before the next attempt; an earlier attempt is refused as well. */
        TooManyAttemptsRefusal: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description A refusal that any operation can answer with.
         *
         *     - 400 `invalid_request`: The request is malformed: `violations` names each field and what is wrong with it.
         *     - 405 `method_not_allowed`: The path exists, but not for this method. `Allow` lists the methods.
         *     - 408 `request_timeout`: The request did not arrive completely within 10 seconds.
         *     - 413 `payload_too_large`: The body is larger than 16 KiB (`POST /v1/webhooks/sendgrid`: 1 MiB).
         *     - 415 `unsupported_media_type`: The content type of the body is not the one that the operation takes.
         *     - 417 `expectation_failed`: The header `Expect` asks for something else than `100-continue`.
         *     - 431 `headers_too_large`: The headers of the request are larger than 16 KiB in all.
         */
        OtherRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description The service could not answer. The request can be sent again.
         *
         *     - 500 `internal_error`: A defect of the service. The log of the service has the details under the request id in `instance`.
         *     - 503 `overloaded`: The service is busy and has not started to work on the request. Send it again after `retryAfter` seconds.
         *     - 503 `service_unavailable`: The database cannot be reached, or the service is starting or stopping. Send the request again after `retryAfter` seconds.
         */
        ServiceFailure: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description - `link_invalid`: The service has not issued the token, or it was not copied completely.
         *     - `invalid_request`: The request is malformed: `violations` names each field and what is wrong with it.
         */
        InvalidRequestLinkInvalidRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description - `link_expired`: The link worked once, but has expired, was replaced by a newer one, or ended with another change of the account. `detail` says which, and what the person can do.
         *     - `link_used`: The link was used before. `detail` says what it did.
         */
        LinkExpiredLinkUsedRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid_email`: The email address cannot be one that mail is sent to. */
        InvalidEmailRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `password_policy`: `violations` lists every rule that the password breaks. */
        PasswordPolicyRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unauthenticated`: The access token is missing, expired or not valid, or its session has ended. Refresh the session or sign in. */
        UnauthenticatedRefusal: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description - `reauthentication_required`: The request has neither a password nor a reauthentication token that works: it is used, expired, or of another session. Ask for the password again (`POST /v1/reauthenticate`).
         *     - `wrong_password`: The current password is wrong. The attempt is counted.
         */
        ReauthenticationRequiredWrongPasswordRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `not_found`: No email change is pending. */
        NotFoundRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `email_unavailable`: Another account has taken the new address since the change was requested. The change cannot be confirmed. */
        EmailUnavailableRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Seconds to wait before the next attempt. */
        RetryAfter: number;
        /** @description How to authenticate (RFC 6750, RFC 7617). */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterRequest"];
            };
        };
        responses: {
            /** @description The registration is recorded, and a mail follows. The answer is the same for every address. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerificationSent"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            /**
             * @description - `password_policy`: `violations` lists every rule that the password breaks.
             *     - `invalid_email`: The email address cannot be one that mail is sent to.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The current address of the account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    checkVerificationLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The link works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingLink"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    resendVerification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailRequest"];
            };
        };
        responses: {
            /** @description The request is recorded. A mail follows if there is a reason to send one. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            422: components["responses"]["InvalidEmailRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogInRequest"];
            };
        };
        responses: {
            /** @description The tokens of the session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            /** @description `invalid_credentials`: The email address is unknown or the password is wrong. Both cases get the same answer after the same time. */
            401: {
                headers: {
                    "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description - `email_not_verified`: The password is correct, but the address is not verified yet. Offer to mail another link: `POST /v1/email/verify/resend`.
             *     - `account_disabled`: The password is correct, but Support has disabled the account. `support` says how to contact Support.
             */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["PasswordPolicyRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description The tokens of the session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /**
             * @description - `invalid_target`: `resource` is not one of the resources that the operator has configured (`TOKEN_RESOURCES`).
             *     - `invalid_request`: The request is malformed: `violations` names each field and what is wrong with it.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description - `refresh_token_invalid`: The service has not issued the refresh token, or its session has ended. Sign in again.
             *     - `refresh_token_reused`: The refresh token was consumed earlier, which suggests that it was copied. The whole session is revoked. Sign in again.
             */
            401: {
                headers: {
                    "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogOutRequest"];
            };
        };
        responses: {
            /** @description The session has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequestRefusal"];
            /** @description `unauthenticated`: The request names no session: no token in it is valid. */
            401: {
                headers: {
                    "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    reauthenticate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReauthenticateRequest"];
            };
        };
        responses: {
            /** @description A single-use token for one sensitive change by this session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reauthentication"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            401: components["responses"]["UnauthenticatedRefusal"];
            /** @description `wrong_password`: The current password is wrong. The attempt is counted. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["PasswordPolicyRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The open sessions of the account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    revokeOtherSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions are revoked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsRevoked"];
                };
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the session, from `GET /v1/sessions`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            /** @description `not_found`: The account has no open session with this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    readAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account of the signed-in person. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    updateAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateAccountRequest"];
            };
        };
        responses: {
            /** @description The account of the signed-in person. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            401: components["responses"]["UnauthenticatedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    readPendingEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email change is pending. It takes effect when the link mailed to the new address is used. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingEmailChange"];
                };
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            404: components["responses"]["NotFoundRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    requestEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChangeRequest"];
            };
        };
        responses: {
            /** @description The email change is pending. It takes effect when the link mailed to the new address is used. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingEmailChange"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            401: components["responses"]["UnauthenticatedRefusal"];
            403: components["responses"]["ReauthenticationRequiredWrongPasswordRefusal"];
            /**
             * @description - `email_unavailable`: Another account uses the address or has used it. The answer does not say which. `support` says how to contact Support.
             *     - `email_unchanged`: The new address is the current address of the account.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description - `invalid_email`: The email address cannot be one that mail is sent to.
             *     - `password_policy`: `violations` lists every rule that the password breaks.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    cancelEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email change is cancelled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["UnauthenticatedRefusal"];
            404: components["responses"]["NotFoundRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    confirmEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The current address of the account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            409: components["responses"]["EmailUnavailableRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    checkConfirmLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The link works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingLink"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            409: components["responses"]["EmailUnavailableRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    revertEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The change is cancelled or undone. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevertedEmailChange"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    checkRevertLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The link works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingRevertLink"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePasswordRequest"];
            };
        };
        responses: {
            /** @description The tokens of the session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            401: components["responses"]["UnauthenticatedRefusal"];
            403: components["responses"]["ReauthenticationRequiredWrongPasswordRefusal"];
            422: components["responses"]["PasswordPolicyRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailRequest"];
            };
        };
        responses: {
            /** @description The request is recorded. A mail follows if there is a reason to send one. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            422: components["responses"]["InvalidEmailRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    checkResetLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The link works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkingLink"];
                };
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPasswordRequest"];
            };
        };
        responses: {
            /** @description The password is changed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequestLinkInvalidRefusal"];
            410: components["responses"]["LinkExpiredLinkUsedRefusal"];
            422: components["responses"]["PasswordPolicyRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    readPasswordPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every rule that a new password must meet. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordPolicy"];
                };
            };
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
    checkPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckPasswordRequest"];
            };
        };
        responses: {
            /** @description The result of the check. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordChecklist"];
                };
            };
            400: components["responses"]["InvalidRequestRefusal"];
            429: components["responses"]["TooManyAttemptsRefusal"];
            "4XX": components["responses"]["OtherRefusal"];
            "5XX": components["responses"]["ServiceFailure"];
        };
    };
}
