-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "accounts" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified_at" TIMESTAMPTZ(3),
    "password_hash" TEXT,
    "password_changed_at" TIMESTAMPTZ(3),
    "credential_version" INTEGER NOT NULL DEFAULT 1,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "addresses" (
    "address" TEXT NOT NULL,
    "account_id" UUID,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "locked_at" TIMESTAMPTZ(3),
    "lock_reason" TEXT,

    CONSTRAINT "addresses_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "registrations" (
    "id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "registrations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "credential_version" INTEGER NOT NULL,
    "refresh_counter" INTEGER NOT NULL DEFAULT 1,
    "refresh_floor" INTEGER NOT NULL DEFAULT 1,
    "rotated_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "authenticated_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "ip" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reauthentications" (
    "token_hash" TEXT NOT NULL,
    "session_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "credential_version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "spent_at" TIMESTAMPTZ(3),

    CONSTRAINT "reauthentications_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "email_changes" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "from_email" TEXT NOT NULL,
    "from_address" TEXT NOT NULL,
    "to_email" TEXT NOT NULL,
    "to_address" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "reverted_at" TIMESTAMPTZ(3),

    CONSTRAINT "email_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mailed_tokens" (
    "token_hash" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "mail_id" UUID NOT NULL,
    "account_id" UUID,
    "registration_id" UUID,
    "email_change_id" UUID,
    "address" TEXT NOT NULL,
    "credential_version" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "checked_at" TIMESTAMPTZ(3),
    "spent_at" TIMESTAMPTZ(3),

    CONSTRAINT "mailed_tokens_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "mails" (
    "id" UUID NOT NULL,
    "request" TEXT NOT NULL,
    "kind" TEXT,
    "email" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "account_id" UUID,
    "registration_id" UUID,
    "email_change_id" UUID,
    "receipt" TEXT,
    "context" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "reason" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "provider_message_id" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "state_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "mails_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "events" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "account_id" UUID,
    "session_id" UUID,
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT,
    "ip" TEXT,
    "user_agent" TEXT,
    "request_id" UUID,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "throttles" (
    "key" TEXT NOT NULL,
    "address_hash" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "blocked_until" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "throttles_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "keys" (
    "id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "public_jwk" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "activated_at" TIMESTAMPTZ(3),
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "addresses_account_id_idx" ON "addresses"("account_id");

-- CreateIndex
CREATE UNIQUE INDEX "addresses_one_current_per_account" ON "addresses"("account_id") WHERE (locked_at IS NULL);

-- CreateIndex
CREATE INDEX "registrations_address_created_at_idx" ON "registrations"("address", "created_at");

-- CreateIndex
CREATE INDEX "registrations_expires_at_idx" ON "registrations"("expires_at");

-- CreateIndex
CREATE INDEX "sessions_account_id_ended_at_idx" ON "sessions"("account_id", "ended_at");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE INDEX "reauthentications_session_id_idx" ON "reauthentications"("session_id");

-- CreateIndex
CREATE INDEX "reauthentications_account_id_idx" ON "reauthentications"("account_id");

-- CreateIndex
CREATE INDEX "reauthentications_expires_at_idx" ON "reauthentications"("expires_at");

-- CreateIndex
CREATE INDEX "email_changes_account_id_requested_at_idx" ON "email_changes"("account_id", "requested_at");

-- CreateIndex
CREATE INDEX "email_changes_from_address_idx" ON "email_changes"("from_address");

-- CreateIndex
CREATE UNIQUE INDEX "email_changes_one_pending_per_account" ON "email_changes"("account_id") WHERE (confirmed_at IS NULL) AND (ended_at IS NULL);

-- CreateIndex
CREATE INDEX "mailed_tokens_account_id_purpose_idx" ON "mailed_tokens"("account_id", "purpose");

-- CreateIndex
CREATE INDEX "mailed_tokens_registration_id_idx" ON "mailed_tokens"("registration_id");

-- CreateIndex
CREATE INDEX "mailed_tokens_email_change_id_idx" ON "mailed_tokens"("email_change_id");

-- CreateIndex
CREATE INDEX "mailed_tokens_mail_id_idx" ON "mailed_tokens"("mail_id");

-- CreateIndex
CREATE INDEX "mailed_tokens_expires_at_idx" ON "mailed_tokens"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "mails_receipt_key" ON "mails"("receipt");

-- CreateIndex
CREATE INDEX "mails_account_id_queued_at_idx" ON "mails"("account_id", "queued_at");

-- CreateIndex
CREATE INDEX "mails_address_queued_at_idx" ON "mails"("address", "queued_at");

-- CreateIndex
CREATE INDEX "mails_queued_at_idx" ON "mails"("queued_at");

-- CreateIndex
CREATE INDEX "events_account_id_id_idx" ON "events"("account_id", "id");

-- CreateIndex
CREATE INDEX "events_at_idx" ON "events"("at");

-- CreateIndex
CREATE INDEX "throttles_address_hash_idx" ON "throttles"("address_hash");

-- CreateIndex
CREATE INDEX "throttles_updated_at_idx" ON "throttles"("updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "keys_one_current_per_purpose" ON "keys"("purpose") WHERE (state = 'current');

-- AddForeignKey
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reauthentications" ADD CONSTRAINT "reauthentications_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reauthentications" ADD CONSTRAINT "reauthentications_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_changes" ADD CONSTRAINT "email_changes_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_registration_id_fkey" FOREIGN KEY ("registration_id") REFERENCES "registrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_email_change_id_fkey" FOREIGN KEY ("email_change_id") REFERENCES "email_changes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on: what prisma/schema.prisma cannot say. `prisma migrate diff` does not see it, so neither does the
-- check that schema and migrations agree; test/contract/migrations.test.ts proves each of these instead.

-- A current address without an account would be taken for good: nobody could prove it, and nobody else could have it.
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_current_has_account"
  CHECK (locked_at IS NOT NULL OR account_id IS NOT NULL);

-- Support unlocks by the reason, so a lock without one could not be judged.
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_lock_has_reason"
  CHECK ((locked_at IS NULL) = (lock_reason IS NULL));

-- Whatever a bug or an import does, a password in the clear cannot be stored in place of its hash: a bcrypt string,
-- after `v1$<pepper key id>` if it was made here and alone if it was imported.
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_password_hash_scheme"
  CHECK (password_hash ~ '^(v1\$[^$]+)?\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$');
ALTER TABLE "registrations" ADD CONSTRAINT "registrations_password_hash_scheme"
  CHECK (password_hash ~ '^(v1\$[^$]+)?\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$');

-- Closed lists that queries compare with: a misspelt word would be a mail never sent, a key never used, a token that
-- no flow accepts, and no error anywhere.
ALTER TABLE "mails" ADD CONSTRAINT "mails_state_known" CHECK (state IN (
  'queued', 'sending', 'sent', 'delivered', 'deferred', 'bounced', 'dropped', 'opened',
  'held_back', 'no_account', 'not_needed', 'failed'
));
ALTER TABLE "keys" ADD CONSTRAINT "keys_state_known" CHECK (state IN ('next', 'current', 'retired'));
ALTER TABLE "mailed_tokens" ADD CONSTRAINT "mailed_tokens_purpose_known"
  CHECK (purpose IN ('verify_email', 'reset_password', 'confirm_email', 'revert_email'));

-- A change that was cancelled must not be confirmed by a link that was opened at the same moment.
ALTER TABLE "email_changes" ADD CONSTRAINT "email_changes_confirmed_or_ended"
  CHECK (confirmed_at IS NULL OR ended_at IS NULL);

-- The audit trail is append-only, for the service too: whoever takes it over cannot tidy up after himself with its own
-- statements. The retention purge sets latchkey.retention within its transaction (SET LOCAL). Once per statement, so
-- that one which would hit no row is refused as well.
CREATE FUNCTION "events_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('latchkey.retention', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION 'events is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER "events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "events"
  FOR EACH STATEMENT EXECUTE FUNCTION "events_refuse_change"();
