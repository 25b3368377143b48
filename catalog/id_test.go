package catalog_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"holdfast/catalog"
)

// TestIDsAreStable pins the ids: they are in tags, names and tokens of artefacts that
// exist, so a change here would make every one of them a stranger.
func TestIDsAreStable(t *testing.T) {
	t.Parallel()
	fire := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	copySpec := catalog.CopySpec{Account: "111122223333", Region: "eu-west-1", Vault: "default"}
	for name, tc := range map[string]struct{ got, want string }{
		"job":    {catalog.JobID("acme", "Daily"), "6mpz72yzs7geu2grkcuv6eq3hw"},
		"backup": {catalog.BackupJobID("acme", "file:p.yaml", "Daily", "nightly", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", fire), "me2yuobmgiusqxuh7hezysgcjs"},
		"copy":   {catalog.CopyJobID("parent", 1, copySpec), "czl4cwdeij24yy64vtyxpqebpj"},
		"retry":  {catalog.RetryJobID("old", 1), "sdwhtpwppvuu74l5umgmokuwtq"},
		"expire": {catalog.ExpireJobID("point", 0), "itez2jzh7rcstr73wdnpgnqigk"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s id is %s, want %s", name, tc.got, tc.want)
		}
	}
}

var idShape = regexp.MustCompile(`^[a-z2-7]{26}$`)

func TestDistinctInputsGiveDistinctIDs(t *testing.T) {
	t.Parallel()
	part := rapid.StringMatching(`[a-z0-9:/-]{0,4}`)
	parts := rapid.SliceOfN(part, 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		idA, idB := catalog.JobID(a...), catalog.JobID(b...)
		if !idShape.MatchString(idA) {
			t.Fatalf("id %q has another shape", idA)
		}
		if equal := strings.Join(a, "\x00") == strings.Join(b, "\x00") && len(a) == len(b); (idA == idB) != equal {
			t.Fatalf("%q gives %s and %q gives %s", a, idA, b, idB)
		}
	})
}

func TestBackupIDsDependOnEveryPart(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-zA-Z]{1,6}`)
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(word, 5, 5).Draw(t, "parts")
		ms := rapid.Int64Range(0, 1<<41).Draw(t, "fire")
		id := func(p []string, ms int64) string {
			return catalog.BackupJobID(p[0], p[1], p[2], p[3], p[4], time.UnixMilli(ms))
		}
		if id(in, ms) == id(in, ms+1) {
			t.Fatal("two fires have one id")
		}
		for i := range in {
			other := append([]string{}, in...)
			other[i] += "x"
			if id(in, ms) == id(other, ms) {
				t.Fatalf("part %d makes no difference", i)
			}
			other[i] = swapCase(in[i])
			if folded := id(in, ms) == id(other, ms); folded != (i < 4) {
				t.Fatalf("part %d: case folded %v, want names folded and the ARN not", i, folded)
			}
		}
	})
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

func TestKindsOfIDsDoNotMeet(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	for name, id := range map[string]string{
		"job": catalog.JobID("a", "1"), "retry": catalog.RetryJobID("a", 1), "expire": catalog.ExpireJobID("a", 1),
		"copy": catalog.CopyJobID("a", 1, catalog.CopySpec{}), "second copy": catalog.CopyJobID("a", 2, catalog.CopySpec{}),
		"elsewhere": catalog.CopyJobID("a", 1, catalog.CopySpec{Region: "eu-west-1"}),
	} {
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s have one id", name, other)
		}
		ids[id] = name
	}
	if catalog.CopyJobID("a", 1, catalog.CopySpec{DeleteAfter: 7}) != catalog.CopyJobID("a", 1, catalog.CopySpec{KMSKeyID: "k"}) {
		t.Error("the policy's content is part of a copy's id")
	}
	zone := time.FixedZone("CET", 3600)
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	if catalog.BackupJobID("i", "s", "p", "r", "a", at) != catalog.BackupJobID("i", "s", "p", "r", "a", at.In(zone)) {
		t.Error("the time zone is part of a backup's id")
	}
}

func TestNewManualID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	id, err := catalog.NewManualID(bytes.NewReader(make([]byte, 10)), at)
	if err != nil || len(id) != 26 || id != strings.ToLower(id) {
		t.Errorf("NewManualID = %q, %v", id, err)
	}
	later, err := catalog.NewManualID(bytes.NewReader(make([]byte, 10)), at.Add(time.Millisecond))
	if err != nil || later <= id {
		t.Errorf("a later id %q, %v does not sort after %q", later, err, id)
	}
	broken := errors.New("no entropy")
	if _, err := catalog.NewManualID(iotest.ErrReader(broken), at); !errors.Is(err, broken) {
		t.Errorf("error %v, want the reader's", err)
	}
}
