package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"
)

// Mark is what makes an artefact self-describing: which installation and job made it,
// from what, and how long it should live. It is put on every artefact as tags, or, where
// AWS has none, into the name.
type Mark struct {
	Installation string
	JobID        string
	SourceARN    string
	Plan         string    // empty for manual jobs
	Rule         string    // empty for manual jobs
	CreatedAt    time.Time // when the job was created
	DeleteAfter  time.Time // zero: kept for ever
}

// The tag keys of a mark.
const (
	TagInstallation = "holdfast:installation"
	TagJob          = "holdfast:job"
	TagSource       = "holdfast:source"
	TagPlan         = "holdfast:plan"
	TagRule         = "holdfast:rule"
	TagCreatedAt    = "holdfast:created-at"
	TagDeleteAfter  = "holdfast:delete-after"
)

// Token returns the idempotency token of the mark: a function of installation and job id
// only, 23 characters, a letter first, lower case, valid in every token and identifier
// AWS has.
func (m Mark) Token() string {
	sum := sha256.Sum256([]byte(m.Installation + "|" + m.JobID))
	return "hf-" + hex.EncodeToString(sum[:])[:20]
}

// Name returns a readable name for artefacts that carry no tags. It is
// "holdfast.<installation>.<job id>"; ParseName reverses it.
func (m Mark) Name() string { return "holdfast." + m.Installation + "." + m.JobID }

// Tags returns the mark as tags, merged over extra (the mark wins). Empty values are
// left out.
func (m Mark) Tags(extra map[string]string) map[string]string {
	tags := maps.Clone(extra)
	if tags == nil {
		tags = map[string]string{}
	}
	own := map[string]string{
		TagInstallation: m.Installation, TagJob: m.JobID, TagSource: m.SourceARN,
		TagPlan: m.Plan, TagRule: m.Rule,
		TagCreatedAt: formatTime(m.CreatedAt), TagDeleteAfter: formatTime(m.DeleteAfter),
	}
	for k, v := range own {
		if v != "" {
			tags[k] = v
		}
	}
	return tags
}

// MarkFromTags reads a mark back; ok is false when the installation or job is missing.
// Times that do not parse are zero.
func MarkFromTags(tags map[string]string) (m Mark, ok bool) {
	m = Mark{
		Installation: tags[TagInstallation], JobID: tags[TagJob], SourceARN: tags[TagSource],
		Plan: tags[TagPlan], Rule: tags[TagRule],
		CreatedAt: parseTime(tags[TagCreatedAt]), DeleteAfter: parseTime(tags[TagDeleteAfter]),
	}
	return m, m.Installation != "" && m.JobID != ""
}

// ParseName reads installation and job id back from a Name; ok is false for any other name.
func ParseName(name string) (m Mark, ok bool) {
	const prefix, idLength = "holdfast.", 26
	if len(name) < len(prefix)+1+1+idLength || name[:len(prefix)] != prefix {
		return Mark{}, false
	}
	cut := len(name) - idLength - 1
	if name[cut] != '.' {
		return Mark{}, false
	}
	return Mark{Installation: name[len(prefix):cut], JobID: name[cut+1:]}, true
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
