package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"holdfast/operator"
	"holdfast/web/frame"
)

// desk returns where the visitor's actions are carried out.
func (d *Dashboard) desk(r *http.Request) *operator.Desk {
	return d.Office.For(frame.ViewerOf(r.Context()).Actor)
}

// back returns where a form wants to lead to: a page of ours, else fallback.
func back(r *http.Request, fallback string) string {
	u, err := url.Parse(r.PostFormValue("back"))
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return fallback
	}
	return u.RequestURI()
}

// done leads on after an action.
func done(w http.ResponseWriter, r *http.Request, address, notice string) error {
	http.Redirect(w, r, frame.Done(address, notice), http.StatusSeeOther) //nolint:gosec // G710: back lets only paths of ours through
	return nil
}

// wrongOf returns what a refusal says of each field; "form" is for the whole. Any other
// error comes back.
func wrongOf(err error) (map[string]string, error) {
	var refusal *operator.Refusal
	if !errors.As(err, &refusal) {
		return nil, err
	}
	wrong := map[string]string{}
	for _, p := range refusal.Problems {
		field := p.Field
		if field == "" {
			field = "form"
		}
		wrong[field] = strings.TrimPrefix(wrong[field]+"; "+p.Message, "; ")
	}
	return wrong, nil
}

// changeJobs cancels or retries the jobs that are ticked.
func (d *Dashboard) changeJobs(w http.ResponseWriter, r *http.Request) error {
	to, ids := back(r, "/jobs"), r.PostForm["id"]
	if len(ids) == 0 {
		return done(w, r, to, "nothing")
	}
	actions := map[string]func(context.Context, []string) ([]operator.Change, error){
		"cancel": d.desk(r).Cancel, "retry": d.desk(r).Retry,
	}
	name := r.PostFormValue("action")
	act, ok := actions[name]
	if !ok {
		return badRequest{"There is no such action. Nothing was changed."}
	}
	changes, err := act(r.Context(), ids)
	if err != nil {
		return err
	}
	made := 0
	for _, c := range changes {
		if c.Done {
			made++
		}
	}
	switch {
	case made == 0:
		return done(w, r, to, "none")
	case made < len(changes):
		return done(w, r, to, "some")
	case len(changes) == 1 && changes[0].NewID != "":
		return done(w, r, "/jobs/"+changes[0].NewID, name)
	default:
		return done(w, r, to, name)
	}
}

// backUp backs a resource up now.
func (d *Dashboard) backUp(w http.ResponseWriter, r *http.Request) error {
	out, err := d.desk(r).Backup(r.Context(), operator.BackupRequest{Resources: []string{r.PostFormValue("resource")}})
	if err != nil {
		return err
	}
	return done(w, r, "/jobs/"+out.Jobs[0].ID, "backup")
}

// hold puts a legal hold on a point. What is wrong with it is said beside the field.
func (d *Dashboard) hold(w http.ResponseWriter, r *http.Request) error {
	request := operator.HoldRequest{Point: r.PathValue("id"), Name: strings.TrimSpace(r.PostFormValue("name")), Note: strings.TrimSpace(r.PostFormValue("note"))}
	_, err := d.desk(r).AddHold(r.Context(), request)
	if err == nil {
		return done(w, r, "/points/"+url.PathEscape(request.Point), "hold")
	}
	wrong, err := wrongOf(err)
	if err != nil {
		return err
	}
	page, err := d.readPoint(r)
	if err != nil {
		return err
	}
	page.Wrong, page.HoldName, page.Live = wrong, request.Name, false
	d.Frame.Render(w, http.StatusUnprocessableEntity, templates, "point.html", page)
	return nil
}

// unhold takes a legal hold off.
func (d *Dashboard) unhold(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := d.desk(r).RemoveHold(r.Context(), operator.HoldRequest{Point: id, Name: r.PostFormValue("name")}); err != nil {
		return err
	}
	return done(w, r, "/points/"+url.PathEscape(id), "unhold")
}

// setCap sets how many operations may run at once. What is wrong with it is said beside
// the field.
func (d *Dashboard) setCap(w http.ResponseWriter, r *http.Request) error {
	form := capForm{Key: strings.ToLower(strings.TrimSpace(r.PostFormValue("key"))), Value: strings.TrimSpace(r.PostFormValue("concurrency"))}
	request := operator.LimitRequest{Key: form.Key, Setting: operator.Concurrency}
	if version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64); err == nil {
		request.ExpectVersion = &version
	}
	var err error
	if !strings.EqualFold(form.Value, "default") {
		n, notNumber := strconv.Atoi(form.Value)
		request.Value = &n
		if notNumber != nil {
			form.Wrong = map[string]string{"concurrency": "write a whole number, 0 to pause, or default"}
		}
	}
	if form.Wrong == nil {
		if _, err = d.desk(r).SetLimit(r.Context(), request); err == nil {
			return done(w, r, back(r, "/accounts"), "cap")
		}
		if form.Wrong, err = wrongOf(err); err != nil {
			return err
		}
		if text := form.Wrong["value"]; text != "" {
			form.Wrong["concurrency"] = text
		}
	}
	page, err := d.readAccounts(r)
	if err != nil {
		return err
	}
	page.Form, page.Live = form, false
	page.Self = "/accounts"
	d.Frame.Render(w, http.StatusUnprocessableEntity, templates, "accounts.html", page)
	return nil
}
