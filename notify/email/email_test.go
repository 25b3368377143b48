package email_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/notify"
	"holdfast/notify/email"
)

func message() notify.Message {
	m := notify.Samples()[0]
	m.ID, m.Title = "n1", "Sicherung fehlgeschlagen: täglich\r\nBcc: everybody@example.com"
	m.Text = "first line\n.\n" + strings.Repeat("lang und mit Umlauten: äöü ", 20) + "\n"
	m.SentAt = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	return m
}

func TestMailArrives(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]testkit.MailboxOptions{
		config.TLSNone:  {},
		config.TLSStart: {StartTLS: true, Username: "holdfast", Password: "hunter2"},
		config.TLSFull:  {TLS: true, Username: "holdfast", Password: "hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := testkit.NewMailbox(t, opts)
			mailer := email.New(email.Options{
				Address: box.Address, TLS: name, TLSConfig: box.TLSConfig(), Username: opts.Username, Password: opts.Password,
				From: "Holdfast <holdfast@example.com>", To: []string{"ops@example.com", "Boss <boss@example.com>"},
			})
			if err := mailer.Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			mails := box.Mails()
			if len(mails) != 1 {
				t.Fatalf("%d mails came, want 1", len(mails))
			}
			check(t, mails[0])
		})
	}
}

func check(t *testing.T, text string) {
	t.Helper()
	got, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "[holdfast production] Sicherung fehlgeschlagen: täglich Bcc: everybody@example.com" || got.Header.Get("Bcc") != "" {
		t.Errorf("the subject is %q, %v, Bcc %q", subject, err, got.Header.Get("Bcc"))
	}
	if got.Header.Get("Message-ID") != "<n1@holdfast.production>" || got.Header.Get("Auto-Submitted") == "" {
		t.Errorf("the header is %v", got.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != message().Text {
		t.Errorf("the body is %q, %v", body, err)
	}
}

func TestMailIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		box  testkit.MailboxOptions
		opts email.Options
		want failure.Class
	}{
		"wrong password": {testkit.MailboxOptions{StartTLS: true, Username: "u", Password: "p"}, email.Options{TLS: config.TLSStart, Username: "u", Password: "q"}, failure.Denied},
		"no STARTTLS":    {testkit.MailboxOptions{}, email.Options{TLS: config.TLSStart}, failure.Unsupported},
		"no such user":   {testkit.MailboxOptions{Refuse: "550 no such user"}, email.Options{TLS: config.TLSNone}, failure.Invalid},
		"greylisted":     {testkit.MailboxOptions{Refuse: "451 come back"}, email.Options{TLS: config.TLSNone}, failure.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := testkit.NewMailbox(t, c.box)
			c.opts.Address, c.opts.TLSConfig = box.Address, box.TLSConfig()
			c.opts.From, c.opts.To = "a@example.com", []string{"b@example.com"}
			err := email.New(c.opts).Send(t.Context(), message())
			if failure.ClassOf(err) != c.want || len(box.Mails()) > 0 {
				t.Errorf("error %v of class %s, want class %s; %d mails came", err, failure.ClassOf(err), c.want, len(box.Mails()))
			}
		})
	}
}

func TestCertificateIsVerified(t *testing.T) {
	t.Parallel()
	box := testkit.NewMailbox(t, testkit.MailboxOptions{TLS: true})
	trusted, err := notify.TLSConfig("")
	if err != nil {
		t.Fatal(err)
	}
	mailer := email.New(email.Options{Address: box.Address, TLS: config.TLSFull, TLSConfig: trusted, From: "a@example.com", To: []string{"b@example.com"}})
	if err := mailer.Send(t.Context(), message()); failure.ClassOf(err) != failure.Transient || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate nobody vouches for: %v", err)
	}
}

func TestServerThatIsDown(t *testing.T) {
	t.Parallel()
	mailer := email.New(email.Options{Address: "127.0.0.1:1", TLS: config.TLSNone, From: "a@example.com", To: []string{"b@example.com"}})
	if err := mailer.Send(t.Context(), message()); failure.ClassOf(err) != failure.Transient {
		t.Errorf("error %v of class %s, want transient", err, failure.ClassOf(err))
	}
}
