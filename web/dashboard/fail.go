package dashboard

import (
	"context"
	"errors"
	"net/http"

	"holdfast/catalog"
	"holdfast/failure"
)

// badRequest is what a visitor did wrong; its text is for them.
type badRequest struct{ text string }

func (b badRequest) Error() string { return b.text }

// fail answers with what went wrong, in words for the visitor.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		d.Frame.Fail(w, r, http.StatusBadRequest, bad.text)
	case failure.Is(err, failure.Denied):
		d.Frame.Fail(w, r, http.StatusForbidden, err.Error()+". Nothing was changed.")
	case failure.Is(err, failure.Held), failure.Is(err, failure.Conflict):
		d.Frame.Fail(w, r, http.StatusConflict, err.Error()+". Nothing was changed.")
	case errors.As(err, new(*http.MaxBytesError)):
		d.Frame.Fail(w, r, http.StatusRequestEntityTooLarge, "The form is too large. Nothing was changed.")
	case errors.Is(err, catalog.ErrNotFound):
		d.Frame.Fail(w, r, http.StatusNotFound, "The catalog has nothing of this name. It may have been deleted when its history grew old.")
	case failure.Is(err, failure.Invalid):
		d.Frame.Fail(w, r, http.StatusBadRequest, err.Error())
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // nobody waits for it
	default:
		d.Log.Error().Err(err).Str("class", string(failure.ClassOf(err))).Str("path", r.URL.Path).Msg("page failed")
		d.Frame.Fail(w, r, http.StatusServiceUnavailable,
			"The catalog could not be asked just now: "+err.Error()+". Nothing is lost; try again in a moment, and look at /readyz.")
	}
}

// formError says what is wrong with a form that cannot be read.
func formError(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return err
	}
	return badRequest{"The form could not be read: " + err.Error() + ". Nothing was changed."}
}
