/** Values that several examples in openapi.yaml share. Together they tell the story of one person, Ada, on 2 March 2026. */
export const example = {
  email: 'ada@example.com',
  newEmail: 'ada@newdomain.example',
  password: 'Correct-Horse-7',
  newPassword: 'Battery-Staple-8',
  accountId: '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55',
  sessionId: '0198b7c9-3f52-7a41-8d0e-6b1f2c9a7e34',
  requestId: '0198b7c9-4e77-7b1c-8a05-3d9f6c2e1b40',
  clientId: 'svc_0198a1f07c317b59a2c41e6d8f905b7a',
  supportContact: 'support@acme.example',
  receipt: '7K2M-Q9XD-4HTR',
  mailedToken: 'Ew3kYt0m3D0kq0yC8r9Jm1cJ7k8vXo2p5sQd6TzLh4A',
  reauthToken: 'owCpBpqwckh-bqqRSQZJoONWdbYtI2s186h0ZaUueuc',
  refreshToken: 'lkr_AZi3yT9SekGNDmsfLJp-NAAAAAEF9U6IzcIEwm5baOEBMTEBnJYHirspoS3i1Ct7mjY7gA',
  nextRefreshToken: 'lkr_AZi3yT9SekGNDmsfLJp-NAAAAAJfw9l-ueNNSJubnndZleZt6yw1z1QAhFejJuxSByMlyw',
  accessToken:
    'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjAxOThhMGYyLTdjMzEtN2I1OS1hMmM0LTFlNmQ4ZjkwNWI3YSJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmFjbWUuZXhhbXBsZSIsImF1ZCI6Imh0dHBzOi8vYWNjb3VudHMuYWNtZS5leGFtcGxlIiwic3ViIjoiMDE5OGI3YzQtNWMxZS03ZDJhLTlmNjMtMmI4ZjBlNmExYzU1Iiwic2lkIjoiMDE5OGI3YzktM2Y1Mi03YTQxLThkMGUtNmIxZjJjOWE3ZTM0IiwiY2xpZW50X2lkIjoibGF0Y2hrZXkiLCJqdGkiOiIwMTk4YjdjOS00YTEwLTdjMDItYjNkNS05MGYxZTJhNGM2ODciLCJpYXQiOjE3NzI0NDI5MTIsImV4cCI6MTc3MjQ0MzIxMiwiYXV0aF90aW1lIjoxNzcyNDQyOTEyLCJhbXIiOlsicHdkIl19.tNNIiiIw8LY3_-0tVJDBF_RaUgirE99l9zEGpxohGKV-1XkMuHqfTYuU6FIY_eGzr6__IDF2aW_G8obGYpmgrQ',
  serviceToken:
    'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjAxOThhMGYyLTdjMzEtN2I1OS1hMmM0LTFlNmQ4ZjkwNWI3YSJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmFjbWUuZXhhbXBsZSIsImF1ZCI6Imh0dHBzOi8vYWNjb3VudHMuYWNtZS5leGFtcGxlIiwic3ViIjoic3ZjXzAxOThhMWYwN2MzMTdiNTlhMmM0MWU2ZDhmOTA1YjdhIiwiY2xpZW50X2lkIjoic3ZjXzAxOThhMWYwN2MzMTdiNTlhMmM0MWU2ZDhmOTA1YjdhIiwic2NvcGUiOiJ0b2tlbnM6aW50cm9zcGVjdCIsImp0aSI6IjAxOThiN2M5LTRhMTAtN2MwMi1iM2Q1LTkwZjFlMmE0YzY4OCIsImlhdCI6MTc3MjQ0MjkxMiwiZXhwIjoxNzcyNDQzMjEyfQ.wASAdhluC23IWKX38828Rs-VqI_khNQXH16JeWQLZeU1zJRxVwFXL6fHghNVFbrlD3ZFPXWbd5Qg1FDJDdOOeQ',
} as const
