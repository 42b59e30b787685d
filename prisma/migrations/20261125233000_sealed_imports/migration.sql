-- An imported bcrypt hash may be stored encrypted: `sealed$<key id>$<account id>$2b$<cost>$<base64url>`. Not validated here,
-- because reading the whole table would block sign-ins: every row satisfies the narrower constraint before it.
ALTER TABLE "accounts" DROP CONSTRAINT "accounts_password_hash_scheme";
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_password_hash_scheme"
  CHECK (password_hash ~ '^((v1\$[^$]+)?\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|sealed\$[^$]+\$[0-9a-f-]{36}\$2b\$\d\d\$[A-Za-z0-9_-]+)$')
  NOT VALID;
