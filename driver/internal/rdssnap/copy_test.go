package rdssnap

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/failure"
	"holdfast/resource"
)

var (
	home        = resource.Scope{Account: "111122223333", Region: "eu-west-1"}
	away        = resource.Scope{Account: "111122223333", Region: "eu-central-1"}
	abroadScope = resource.Scope{Account: "444455556666", Region: "eu-west-1"}
	farAway     = resource.Scope{Account: "444455556666", Region: "eu-central-1"}
)

// service records the calls made to it, as "account/region call", and answers with err.
type service struct {
	API
	calls *[]string
	scope resource.Scope
	errs  map[string]error // by call
	in    *CopyInput
}

func (s service) call(name string) error {
	*s.calls = append(*s.calls, s.scope.Account+"/"+s.scope.Region+" "+name)
	return s.errs[name]
}

func (s service) Copy(_ context.Context, in CopyInput) error {
	*s.in = in
	return s.call("copy")
}

func (s service) Share(_ context.Context, id string, change abroad.Change) error {
	return s.call("share " + id + " +" + strings.Join(change.Add, ",") + " -" + strings.Join(change.Remove, ","))
}

// newSnapshots returns snapshots over a service, what it was called with, and the errors
// it answers with.
func newSnapshots(errs map[string]error) (s *Snapshots, calls *[]string, in *CopyInput) {
	calls, in = new([]string), new(CopyInput)
	return &Snapshots{
		Noun: "DB snapshot", Taken: "Taken",
		Client: func(_ context.Context, scope resource.Scope, purpose resource.Purpose) (API, error) {
			if purpose != resource.ForCopy {
				return nil, errors.New("a copy in another role")
			}
			return service{calls: calls, scope: scope, errs: errs, in: in}, nil
		},
	}, calls, in
}

func request(to resource.Scope) driver.CopyRequest {
	return driver.CopyRequest{
		Scope: to, SourceScope: home, Mark: driver.Mark{Installation: "i", JobID: "j"},
		Source: driver.Point{Ref: "hf-source", ARN: "arn:aws:rds:eu-west-1:111122223333:snapshot:hf-source"},
	}
}

func TestCopyIntoAnotherAccountSharesAsTheOwnerAndCopiesAsTheOther(t *testing.T) {
	t.Parallel()
	s, calls, _ := newSnapshots(nil)
	if _, err := s.Copy(t.Context(), request(farAway)); err != nil {
		t.Fatalf("copy: %v", err)
	}
	if err := s.FinishCopy(t.Context(), request(farAway)); err != nil {
		t.Fatalf("finish: %v", err)
	}
	want := []string{
		"111122223333/eu-west-1 share hf-source +444455556666 -",
		"444455556666/eu-central-1 copy",
		"111122223333/eu-west-1 share hf-source + -444455556666",
	}
	if diff := cmp.Diff(want, *calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s, calls, _ = newSnapshots(nil)
	_, err := s.Copy(t.Context(), request(away))
	if err := errors.Join(err, s.FinishCopy(t.Context(), request(away))); err != nil || len(*calls) != 1 {
		t.Errorf("a copy inside the account made %v, %v", *calls, err)
	}
}

// A copy elsewhere that is given no key takes the account's default one, because it
// cannot keep the source's.
func TestKeysOfCopies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		to          resource.Scope
		encrypted   bool
		given, want string
	}{
		{home, true, "", ""}, {away, true, "", defaultKey}, {abroadScope, true, "", defaultKey},
		{away, true, "alias/dr", "alias/dr"}, {away, false, "", ""}, {away, false, "alias/dr", "alias/dr"},
	} {
		s, _, in := newSnapshots(nil)
		req := request(tt.to)
		req.Source.Encrypted, req.KMSKeyID = tt.encrypted, tt.given
		if _, err := s.Copy(t.Context(), req); err != nil || in.KMSKeyID != tt.want {
			t.Errorf("%+v: key %q, %v", tt, in.KMSKeyID, err)
		}
	}
}

func TestOptionGroupGoesAlongOnlyElsewhere(t *testing.T) {
	t.Parallel()
	for to, want := range map[resource.Scope]string{home: "", away: "tde", abroadScope: "tde"} {
		s, _, in := newSnapshots(nil)
		s.OptionGroup = func(resource.Resource) (string, error) { return "tde", nil }
		if _, err := s.Copy(t.Context(), request(to)); err != nil || in.OptionGroup != want {
			t.Errorf("copy to %v names option group %q, %v; want %q", to, in.OptionGroup, err, want)
		}
	}
}

func TestCopyRefusals(t *testing.T) {
	t.Parallel()
	refused := func(class failure.Class) error { return failure.Errorf(class, "no") }
	share := "share hf-source +444455556666 -"
	for name, tt := range map[string]struct {
		change func(*Snapshots, *driver.CopyRequest)
		to     resource.Scope
		errs   map[string]error
		want   failure.Class
		says   string
		calls  int
	}{
		"two things at once": {to: farAway, want: failure.Unsupported, says: "into eu-west-1 of account 444455556666 first",
			change: func(s *Snapshots, _ *driver.CopyRequest) { s.Path = driver.AccountFirst }},
		"a key for what is not encrypted": {to: away, want: failure.KMS, says: "leave the key out",
			change: func(s *Snapshots, r *driver.CopyRequest) { s.NoEncryption, r.KMSKeyID = true, "alias/dr" }},
		"a key of AWS shared": {to: abroadScope, want: failure.KMS, says: "a key that AWS manages", calls: 1,
			change: func(_ *Snapshots, r *driver.CopyRequest) { r.Source.Encrypted = true }, errs: map[string]error{share: refused(failure.Invalid)}},
		"a key of AWS copied": {to: abroadScope, want: failure.KMS, says: "customer managed key", calls: 2,
			change: func(_ *Snapshots, r *driver.CopyRequest) { r.Source.Encrypted = true }, errs: map[string]error{"copy": refused(failure.KMS)}},
		"not visible yet":    {to: abroadScope, want: failure.Busy, says: "does not see it yet", calls: 2, errs: map[string]error{"copy": refused(failure.NotFound)}},
		"the source is gone": {to: abroadScope, want: failure.NotFound, calls: 1, errs: map[string]error{share: refused(failure.NotFound)}},
		"plainly invalid":    {to: abroadScope, want: failure.Invalid, calls: 2, errs: map[string]error{"copy": refused(failure.Invalid)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, calls, _ := newSnapshots(tt.errs)
			req := request(tt.to)
			if tt.change != nil {
				tt.change(s, &req)
			}
			_, err := s.Copy(t.Context(), req)
			if !failure.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("copy = %v, want class %s and %q", err, tt.want, tt.says)
			}
			if len(*calls) != tt.calls {
				t.Errorf("calls %v, want %d", *calls, tt.calls)
			}
		})
	}
}

func TestFinishCopyOfAGoneSource(t *testing.T) {
	t.Parallel()
	unshare := "share hf-source + -444455556666"
	s, _, _ := newSnapshots(map[string]error{unshare: failure.Errorf(failure.NotFound, "gone")})
	if err := s.FinishCopy(t.Context(), request(abroadScope)); err != nil {
		t.Errorf("finish = %v, want none: there is nothing to take back", err)
	}
	s, _, _ = newSnapshots(map[string]error{unshare: failure.Errorf(failure.Denied, "no")})
	if err := s.FinishCopy(t.Context(), request(abroadScope)); !failure.Is(err, failure.Denied) {
		t.Errorf("finish = %v, want the refusal", err)
	}
}

// TestStates has every status of the family's snapshots, and one AWS may add.
func TestStates(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]driver.State{
		"available": driver.Succeeded, "creating": driver.Pending, "copying": driver.Pending, "modifying": driver.Pending,
		"deleting": driver.Pending, "deleted": driver.Gone, "failed": driver.Failed, "incompatible-restore": driver.Failed,
		"incompatible-parameters": driver.Failed, "dreaming": driver.Pending, "": driver.Pending,
	} {
		if got := statusOf(&Snapshot{Status: status}); got.State != want || (got.Message != "") != (want == driver.Failed) {
			t.Errorf("status %q is %s (%q), want %s", status, got.State, got.Message, want)
		}
	}
}

func TestRestoredIDFits(t *testing.T) {
	t.Parallel()
	mark := driver.Mark{Installation: "prod", JobID: "J1"}
	for source, want := range map[string]string{
		"orders": "orders-restored-e51d15",
		strings.Repeat("a", 46) + "-" + strings.Repeat("b", 16): strings.Repeat("a", 46) + "-restored-e51d15",
	} {
		if got := RestoredID(source, mark, 63); got != want || len(got) > 63 || strings.Contains(got, "--") {
			t.Errorf("RestoredID(%q) = %q, want %q", source, got, want)
		}
	}
}
