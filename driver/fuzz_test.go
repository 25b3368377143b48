package driver

import "testing"

// The name of an artefact without tags says whose it is: what is read from one is what was
// written into it. A name that is read as ours and is not would be deleted one day.
func FuzzParseName(f *testing.F) {
	for _, seed := range []string{
		"holdfast.acme.mzxw6ytboi3dsojrgiytgmjsgq", "holdfast.acme.x.y", "holdfast..x", "holdfast.acme.", "holdfast", "Holdfast.acme.x",
		"holdfast.ac\x00me.mzxw6ytboi3dsojrgiytgmjsgq",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if m, ok := ParseName(name); ok && (m.Name() != name || m.Installation == "" || m.JobID == "") {
			t.Errorf("%q is read as %+v, whose name is %q", name, m, m.Name())
		}
	})
}

// Tags that are read as a mark are written the same again.
func FuzzMarkFromTags(f *testing.F) {
	f.Add("acme", "mzxw6ytboi3dsojrgiytgmjsgq", "arn:aws:ec2:eu-west-1:111122223333:volume/v", "2026-03-03T12:00:00Z")
	f.Add("", "x", "", "never")
	f.Fuzz(func(t *testing.T, installation, job, source, deleteAfter string) {
		m, ok := MarkFromTags(map[string]string{
			TagInstallation: installation, TagJob: job, TagSource: source, TagDeleteAfter: deleteAfter,
		})
		if !ok {
			return
		}
		again, ok := MarkFromTags(m.Tags(nil))
		if !ok || again.JobID != m.JobID || again.Installation != m.Installation || !again.DeleteAfter.Equal(m.DeleteAfter) {
			t.Errorf("%+v became %+v", m, again)
		}
	})
}
