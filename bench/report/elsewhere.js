// Figures that this benchmark cannot measure itself.

export const ELSEWHERE = `## Measured elsewhere

Issue 15 has these figures, from one run on two shared cores (PostgreSQL 15, bcrypt cost 10, 16 connections; medians). Supabase Auth is not
part of this benchmark, because it cannot be built from Go's module proxy. Figures of that run can be compared with each other, and not with those above.

| | Latchkey 1.0.0 | Supabase Auth (Go) | Ory Kratos (Go) | better-auth |
|---|---:|---:|---:|---:|
| refresh /s · CPU ms of the service · statements | 2,135 · 0.45 · 1 | 434 · 2.3 · 24 | 1,021 · 1.0 · 6 | 394 · 2.7 · 3 |
| session check (\`/v1/me\`) /s · CPU ms of the service | 1,162 · 0.86 | 1,815 · 0.67 | 1,406 · 0.90 | 608 · 1.7 |
| sign-in /s · CPU ms of PostgreSQL · statements | 30.0 · 3.5 · 17 | 31.4 · 2.1 · 12 | 25.2 · 2.1 · 12 | 33.0 · 1.0 · 3 |
| 64 clients flood sign-in: correct sign-ins /s · refresh p99 ms | 17.4 · 150 | 31.3 · 3,136 | 28.9 · 1,783 | 32.4 · 3,565 |
| forgot /s · mails /s · statements with the mail | 533 · 115 · 20 | 523 · 456 · 9 | 369 · 9.6 · 16 | 465 · 312 · 3 |
| start to ready · idle memory | 1.4 s · 133 MB | 0.12 s · 35 MB | 0.21 s · 74 MB | 0.56 s · 100 MB |`
