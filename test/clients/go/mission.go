// The mission with the client that oapi-codegen makes of openapi.yaml.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mission/latchkey"
)

const (
	email    = "ada+go@example.com"
	newEmail = "ada+go@newdomain.example"
	password = "Correct-Horse-7"
)

var (
	ctx         = context.Background()
	accessToken = ""
)

// check ends the program if something is not as the contract says.
func check(holds bool, about any) {
	if !holds {
		panic(fmt.Sprintf("unexpected: %+v", about))
	}
}

// answered returns the answer of a call. An error of the connection ends the program.
func answered[Answer any](answer Answer, err error) Answer {
	check(err == nil, err)
	return answer
}

// mailedToken returns the token in the newest mail of a kind to an address. The worker may not have sent it yet.
func mailedToken(kind, to string) string {
	for ; ; time.Sleep(100 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(os.Getenv("MAIL_FOLDER"), "*.json"))
		slices.Sort(files)
		slices.Reverse(files)
		for _, file := range files {
			var mail struct{ Kind, To, Link string }
			check(json.Unmarshal(answered(os.ReadFile(file)), &mail) == nil, file)
			if mail.Kind == kind && mail.To == to {
				return strings.SplitAfter(mail.Link, "#token=")[1]
			}
		}
	}
}

func main() {
	authorize := func(_ context.Context, request *http.Request) error {
		if accessToken != "" {
			request.Header.Set("Authorization", "Bearer "+accessToken)
		}
		return nil
	}
	api := answered(latchkey.NewClientWithResponses(os.Getenv("LATCHKEY_URL"), latchkey.WithRequestEditorFn(authorize)))

	// register and verify
	policy := answered(api.ReadPasswordPolicyWithResponse(ctx)).JSON200
	check(policy != nil && slices.ContainsFunc(policy.Rules, func(rule latchkey.PasswordRule) bool {
		return rule.Rule == "not_current" && rule.CheckedBy == latchkey.Save
	}), policy)
	weak := answered(api.RegisterWithResponse(ctx, latchkey.RegisterRequest{Email: email, Password: "short"}))
	check(weak.ApplicationproblemJSON422 != nil && weak.ApplicationproblemJSON422.Code == "password_policy", weak)
	check((*weak.ApplicationproblemJSON422.Violations)[0].Rule == "min_length", weak)
	sent := answered(api.RegisterWithResponse(ctx, latchkey.RegisterRequest{Email: email, Password: password}))
	check(sent.JSON202 != nil, string(sent.Body))
	verification := latchkey.TokenRequest{Token: mailedToken("verify_email", email)}
	verified := answered(api.VerifyEmailWithResponse(ctx, verification))
	check(verified.JSON200 != nil && verified.JSON200.Email == email, string(verified.Body))
	again := answered(api.VerifyEmailWithResponse(ctx, verification))
	check(again.ApplicationproblemJSON410 != nil && again.ApplicationproblemJSON410.Code == "link_used", string(again.Body))

	// sign in and refresh
	wrong := answered(api.LogInWithResponse(ctx, latchkey.LogInRequest{Email: email, Password: "Wrong-Horse-7"}))
	check(wrong.ApplicationproblemJSON401 != nil && wrong.ApplicationproblemJSON401.Code == "invalid_credentials", string(wrong.Body))
	signedIn := answered(api.LogInWithResponse(ctx, latchkey.LogInRequest{Email: email, Password: password}))
	check(signedIn.JSON200 != nil, string(signedIn.Body))
	refresh := func(token string) *latchkey.Tokens {
		answer := answered(api.RefreshSessionWithResponse(ctx, latchkey.RefreshRequest{RefreshToken: token}))
		check(answer.JSON200 != nil, string(answer.Body))
		return answer.JSON200
	}
	tokens := refresh(signedIn.JSON200.RefreshToken)
	accessToken = tokens.AccessToken
	open := answered(api.ListSessionsWithResponse(ctx)).JSON200
	check(len(open.Sessions) == 1 && open.Sessions[0].Current && open.Sessions[0].Id == tokens.SessionId, open)

	// email change: the session stays open, and gets its new access token by a refresh
	current := password
	change := latchkey.EmailChangeRequest{NewEmail: newEmail, CurrentPassword: &current}
	pending := answered(api.RequestEmailChangeWithResponse(ctx, change))
	check(pending.JSON202 != nil && pending.JSON202.PendingEmail == newEmail, string(pending.Body))
	confirmation := latchkey.TokenRequest{Token: mailedToken("confirm_email", newEmail)}
	link := answered(api.CheckConfirmLinkWithResponse(ctx, confirmation))
	check(link.JSON200 != nil && strings.HasPrefix(link.JSON200.EmailHint, "a•••@"), string(link.Body))
	confirmed := answered(api.ConfirmEmailChangeWithResponse(ctx, confirmation))
	check(confirmed.JSON200 != nil && confirmed.JSON200.Email == newEmail, string(confirmed.Body))
	refused := answered(api.ReadAccountWithResponse(ctx))
	check(refused.StatusCode() == http.StatusUnauthorized, string(refused.Body))
	tokens = refresh(tokens.RefreshToken)
	accessToken = tokens.AccessToken
	account := answered(api.ReadAccountWithResponse(ctx)).JSON200
	check(account != nil && account.Email == newEmail && account.PendingEmail == nil, account)

	// reset
	requested := answered(api.RequestPasswordResetWithResponse(ctx, latchkey.EmailRequest{Email: newEmail}))
	check(requested.JSON202 != nil, string(requested.Body))
	reset := latchkey.ResetPasswordRequest{Token: mailedToken("reset_password", newEmail), NewPassword: "Battery-Staple-8"}
	check(answered(api.ResetPasswordWithResponse(ctx, reset)).StatusCode() == http.StatusNoContent, "reset")
	last := answered(api.LogInWithResponse(ctx, latchkey.LogInRequest{Email: newEmail, Password: "Battery-Staple-8"}))
	check(last.JSON200 != nil, string(last.Body))
}
