package catalog

import (
	"context"
	"encoding/json"
	"time"
)

// SurveyPart is a part of what a long look at AWS has found in one place, kept so that a
// look that is stopped goes on where it was. What is in Body is the affair of package
// catalog/rebuild.
type SurveyPart struct {
	Place  string    // account, region, kind and engine
	Number int       // 0, 1, 2, ...
	At     time.Time // when the place was seen
	Body   json.RawMessage
}

// Surveys keeps how far a look at AWS has come.
type Surveys interface {
	// KeepSurvey replaces what is kept of the places of parts, in one transaction.
	KeepSurvey(ctx context.Context, parts []SurveyPart) error
	// Survey calls yield with every part that was seen at or after since, by place and
	// number.
	Survey(ctx context.Context, since time.Time, yield func(SurveyPart) error) error
	// ForgetSurvey removes everything.
	ForgetSurvey(ctx context.Context) error
}
