package dashboard

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/catalog"
)

// What somebody wrote into an address or a form comes back as text, with what is wrong
// beside it, and changes nothing.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	long := strings.Repeat("x", maxFieldLength+1)
	before, err := r.store.LastEvent(t.Context())
	r.must(err)
	for name, row := range map[string]struct {
		ask    func() pageAnswer
		status int
		says   string
	}{
		"script in a search": {func() pageAnswer { return r.get("/jobs?q="+url.QueryEscape(hostile), access.Viewer) }, 200, "&lt;script&gt;alert"},
		"quote out of a field": {func() pageAnswer {
			return r.get(`/points?plan=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E`, access.Viewer)
		}, 200, `&#34;&gt;&lt;img`},
		"script in a filter":     {func() pageAnswer { return r.get("/resources?status="+url.QueryEscape(hostile), access.Viewer) }, 200, "is not one of the choices"},
		"too long a field":       {func() pageAnswer { return r.get("/jobs?plan="+long, access.Viewer) }, 200, "is longer than 2048 characters"},
		"NUL and invalid UTF-8":  {func() pageAnswer { return r.get("/jobs?q=%00%ff%fe", access.Viewer) }, 200, "No jobs"},
		"page after nothing":     {func() pageAnswer { return r.get("/jobs?after=gone", access.Viewer) }, 200, "begin again"},
		"audit after no number":  {func() pageAnswer { return r.get("/audit?after=-1", access.Viewer) }, 200, "write a whole number"},
		"id with a path":         {func() pageAnswer { return r.get("/jobs/..%2f..%2fetc%2fpasswd", access.Viewer) }, 404, "The catalog has nothing of this name"},
		"no ARN":                 {func() pageAnswer { return r.get("/resources?arn="+url.QueryEscape(hostile), access.Viewer) }, 400, "names no resource"},
		"account with letters":   {func() pageAnswer { return r.get("/accounts/%3Cb%3E", access.Viewer) }, 400, "twelve digits"},
		"policies of no account": {func() pageAnswer { return r.get("/policies?account=1", access.Viewer) }, 400, "twelve digits"},
		"restore of nothing":     {func() pageAnswer { return r.get("/restore?point=none", access.Restorer) }, 404, "The catalog has nothing of this name"},
		"moment that is none": {func() pageAnswer {
			return r.get("/restore?moment=noon&resource="+url.QueryEscape(billing), access.Restorer)
		}, 200, `id="e-moment"`},
		"moment of a volume": {func() pageAnswer {
			return r.get("/restore?moment=2h&resource="+url.QueryEscape(volume+"orders"), access.Restorer)
		}, 200, "cannot be restored to a moment"},
		"no such action": {func() pageAnswer {
			return r.post("/jobs", access.Admin, url.Values{"id": {jobID("g")}, "action": {"explode"}})
		}, 400, "no such action"},
		"a viewer's cancellation": {func() pageAnswer {
			return r.post("/jobs", access.Viewer, url.Values{"id": {jobID("g")}, "action": {"cancel"}})
		}, 403, "Nothing was changed"},
		"a restorer's cap": {func() pageAnswer {
			return r.post("/caps", access.Restorer, url.Values{"key": {"account=*"}, "concurrency": {"1"}})
		}, 403, "Nothing was changed"},
		"a cap that is no number": {func() pageAnswer {
			return r.post("/caps", access.Admin, url.Values{"key": {"account=*"}, "concurrency": {hostile}})
		}, 422, "write a whole number"},
		"a cap on an old version": {func() pageAnswer {
			return r.post("/caps", access.Admin, url.Values{"key": {"account=" + home}, "concurrency": {"3"}, "version": {"99"}})
		}, 409, "Nothing was changed"},
		"a hold without a name": {func() pageAnswer {
			return r.post("/points/"+jobID("b")+"/hold", access.Admin, url.Values{"name": {" "}})
		}, 422, `id="e-hold"`},
		"a viewer's restore": {func() pageAnswer { return r.post("/restore", access.Viewer, url.Values{"point": {jobID("b")}}) }, 403, "Nothing was changed"},
		"a restore gone wrong": {func() pageAnswer {
			return r.post("/restore", access.Restorer, url.Values{"point": {jobID("c")}, "p.multi_az": {hostile}})
		}, 422, `id="e-multi_az"`},
		"a document that is none": {func() pageAnswer {
			return r.post("/policies/try", access.Viewer, url.Values{"document": {"plans: [" + hostile}})
		}, 422, `id="e-document"`},
		"a document too large": {func() pageAnswer {
			return r.post("/policies/try", access.Viewer, url.Values{"document": {strings.Repeat("#\n", maxDocumentBytes)}})
		}, 422, "longer than 512 KiB"},
		"nothing to compare":       {func() pageAnswer { return r.post("/policies/try", access.Viewer, url.Values{"action": {"compare"}}) }, 200, "paste a document"},
		"another method":           {func() pageAnswer { return r.post("/audit", access.Admin, nil) }, 405, "only answers"},
		"a form that is not a one": {func() pageAnswer { return r.post("/jobs?x=%zz", access.Admin, nil) }, 400, "Nothing was changed"},
	} {
		a := row.ask()
		if a.status != row.status || !strings.Contains(a.body, row.says) {
			t.Errorf("%s: answered %d without %q, want %d:\n%s", name, a.status, row.says, row.status, content(a.body))
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img") {
			t.Errorf("%s: came back as markup", name)
		}
	}
	after, err := r.store.LastEvent(t.Context())
	r.must(err)
	if before != after {
		t.Errorf("%d events were added", after-before)
	}
}

// The moment of a restore goes from the form into the job, once.
func TestRestoreOfAMomentByForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	form := url.Values{"resource": {billing}, "moment": {"2026-03-03T12:00:00Z"}, "key": {"k"}, "p.instance_class": {"db.t3.large"}}
	a := r.post("/restore", access.Restorer, form)
	address, err := url.Parse(a.header.Get("Location"))
	r.must(err)
	job, err := r.store.Job(t.Context(), strings.TrimPrefix(address.Path, "/jobs/"))
	r.must(err)
	if a.status != http.StatusSeeOther || job.Spec.RestoreAt.Format("2006-01-02T15:04") != "2026-03-03T12:00" || job.Spec.Parameters["instance_class"] != "db.t3.large" || job.PointID != "" {
		t.Errorf("answered %d; the job is %+v", a.status, job)
	}
	if again := r.post("/restore", access.Restorer, form); !strings.Contains(again.header.Get("Location"), job.ID+"?done=duplicate") {
		t.Errorf("sent twice it leads to %s", again.header.Get("Location"))
	}
	jobs, err := r.store.ListJobs(t.Context(), catalog.JobFilter{ResourceARN: billing, CreatedBy: "ana"})
	r.must(err)
	if len(jobs) != 1 {
		t.Errorf("%d restores were made", len(jobs))
	}
}

// A document may be uploaded, in any format, and take the place of some plans only.
func TestTryAnUploadedDocument(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const plan = `{"BackupPlan": {"BackupPlanName": "hourly", "Rules": [{"RuleName": "often", "TargetBackupVaultName": "default", "ScheduleExpression": "cron(0 * * * ? *)"}]},
		"BackupSelections": [{"SelectionName": "all", "IamRoleArn": "arn:aws:iam::111122223333:role/backup", "Resources": ["arn:aws:rds:*:*:db:*"]}]}`
	for scope, says := range map[string][]string{
		"named": {"often", "added", "<strong>1 rule</strong>", "1 resource</strong> of 5 would change"},
		"all":   {"often", "removed", "<strong>2 rules</strong>", "3 would not be protected any more"},
	} {
		for _, way := range []string{"file", "document"} { // uploaded, and pasted
			a := r.try(scope, way, plan)
			for _, text := range says {
				if a.status != http.StatusOK || !strings.Contains(a.body, text) {
					t.Errorf("%s, %s: answered %d without %q:\n%s", scope, way, a.status, text, content(a.body))
				}
			}
		}
	}
}

// try sends a document as a browser does.
func (r *rig) try(scope, way, document string) pageAnswer {
	fields := map[string]string{"scope": scope, "action": tryCompare, "document": "", "file": ""}
	fields[way] = document
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if name != "file" {
			r.must(form.WriteField(name, value))
			continue
		}
		file, err := form.CreateFormFile("file", "plan.json")
		r.must(err)
		_, err = file.Write([]byte(value))
		r.must(err)
	}
	r.must(form.Close())
	request := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/policies/try", &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return r.serve(as(request, access.Viewer))
}
