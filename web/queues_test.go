package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	neturl "net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"holdfast/driver"
	"holdfast/tasks"
)

// pending returns how many tasks wait in the queue backup.
func pending(t *testing.T, client redis.UniversalClient) int {
	t.Helper()
	info, err := asynq.NewInspectorFromRedisClient(client).GetQueueInfo("backup")
	if err != nil {
		t.Fatal(err)
	}
	return info.Pending
}

// TestQueuesOnEmbeddedRedis asks what asynqmon's pages ask.
func TestQueuesOnEmbeddedRedis(t *testing.T) {
	t.Parallel()
	opts := options()
	client, _ := newRedis(t)
	opts.Redis = client
	enqueue(t, client, "job1.1")
	url := serve(t, opts)
	get(t, url+"/queues").wantStatus(t, http.StatusPermanentRedirect)
	get(t, url+"/queues/").wantStatus(t, http.StatusOK).wantBody(t, `FLAG_READ_ONLY="true"`, `FLAG_ROOT_PATH="\/queues"`)
	get(t, url+"/queues/queues/backup?status=pending").wantStatus(t, http.StatusOK).wantBody(t, "<html")
	table := map[string][]string{
		"queues":                             {`"queue":"backup"`, `"pending":1`},
		"queues/backup":                      {`"queue":"backup"`},
		"queues/backup/pending_tasks":        {`"id":"job1.1"`, "backup:start"},
		"queues/backup/archived_tasks":       {`"tasks":[]`},
		"queues/backup/tasks/job1.1":         {`"id":"job1.1"`},
		"queue_stats":                        {"backup"},
		"servers":                            {`"servers"`},
		"scheduler_entries":                  {`"entries"`},
		"redis_info":                         {"connected_clients"},
		"queues/backup/groups":               {`"groups"`},
		"queues/backup/completed_tasks":      {`"tasks":[]`},
		"queues/backup/active_tasks?page=1":  {`"tasks":[]`},
		"queues/backup/retry_tasks?size=100": {`"tasks":[]`},
		"queues/backup/scheduled_tasks":      {`"tasks":[]`},
	}
	for path, parts := range table {
		a := get(t, url+"/queues/api/"+path)
		if a.status != http.StatusOK || !json.Valid([]byte(a.body)) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		a.wantBody(t, parts...)
	}
}

// TestQueuesPolicyFitsThePage recomputes the hashes of the inline scripts the browser
// will see and looks for what the policy would block.
func TestQueuesPolicyFitsThePage(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Redis, _ = newRedis(t)
	url := serve(t, opts)
	page := get(t, url+"/queues/")
	allowed := directive(page.header.Get("Content-Security-Policy"), "script-src")
	scripts := regexp.MustCompile(`(?s)<script( src="([^"]*)")?>(.*?)</script>`).FindAllStringSubmatch(page.body, -1)
	if len(scripts) < 4 {
		t.Fatalf("found %d scripts, want two inline and two files", len(scripts))
	}
	for _, script := range scripts {
		source, inline := script[2], script[3]
		sum := sha256.Sum256([]byte(inline))
		switch {
		case source == "" && !strings.Contains(allowed, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'"):
			t.Errorf("inline script is not allowed by %q: %.60s", allowed, inline)
		case source != "":
			file := get(t, url+source).wantStatus(t, http.StatusOK)
			if kind := file.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/javascript") {
				t.Errorf("%s has type %q, which nosniff refuses", source, kind)
			}
		}
	}
	if strings.Contains(page.header.Get("Content-Security-Policy"), "http") {
		t.Error("the policy lets the page call other sites")
	}
}

// actions are requests that change something, as asynqmon's pages send them.
var actions = []struct{ method, path string }{
	{http.MethodPost, "/queues/api/queues/backup:pause"},
	{http.MethodPost, "/queues/api/queues/backup/pending_tasks/job1.1:archive"},
	{http.MethodPost, "/queues/api/queues/backup/pending_tasks:archive_all"},
	{http.MethodDelete, "/queues/api/queues/backup/pending_tasks/job1.1"},
	{http.MethodDelete, "/queues/api/queues/backup/pending_tasks:delete_all"},
	{http.MethodDelete, "/queues/api/queues/backup"},
}

func TestReadOnlyQueuesRefuseActions(t *testing.T) {
	t.Parallel()
	opts := options()
	client, _ := newRedis(t)
	opts.Redis = client
	enqueue(t, client, "job1.1")
	url := serve(t, opts)
	for _, action := range actions {
		ask(t, action.method, url+action.path).wantStatus(t, http.StatusMethodNotAllowed).wantBody(t, "only answers GET")
	}
	if n := pending(t, client); n != 1 {
		t.Errorf("%d tasks wait, want 1", n)
	}
}

func TestQueueActions(t *testing.T) {
	t.Parallel()
	opts := options()
	client, _ := newRedis(t)
	opts.Redis, opts.AsynqmonActions = client, true
	enqueue(t, client, "job1.1")
	url := serve(t, opts)
	get(t, url+"/queues/").wantBody(t, `FLAG_READ_ONLY="false"`)
	for _, action := range actions {
		ask(t, action.method, url+action.path, "Origin", "https://evil.example.com").wantStatus(t, http.StatusForbidden)
		ask(t, action.method, url+action.path, "Sec-Fetch-Site", "cross-site").wantStatus(t, http.StatusForbidden)
	}
	if n := pending(t, client); n != 1 {
		t.Fatalf("after requests of another site %d tasks wait, want 1", n)
	}
	own := []string{"Origin", url, "Sec-Fetch-Site", "same-origin"}
	ask(t, http.MethodPost, url+"/queues/api/queues/backup/pending_tasks/job1.1:archive", own...).wantStatus(t, http.StatusNoContent)
	if n := pending(t, client); n != 0 {
		t.Errorf("the task was not archived")
	}
}

func TestQueuesWithoutRedis(t *testing.T) {
	t.Parallel()
	opts := options()
	get(t, serve(t, opts)+"/queues/").wantStatus(t, http.StatusNotFound)

	client, stop := newRedis(t)
	opts.Redis = client
	url := serve(t, opts)
	stop()
	get(t, url+"/queues/api/queues").wantStatus(t, http.StatusInternalServerError)
	get(t, url+"/").wantStatus(t, http.StatusNotFound).wantBody(t, "health checks and metrics only")
}

// TestTaskPagesOpen asks for the page of a job's tasks: asynqmon's addresses have the id
// in the path, so it must not hold what a path cannot.
func TestTaskPagesOpen(t *testing.T) {
	t.Parallel()
	opts := options()
	client, _ := newRedis(t)
	opts.Redis = client
	url := serve(t, opts)
	start, err := tasks.NewStart(driver.Backup, "job1", 1_000_000_001)
	if err != nil {
		t.Fatal(err)
	}
	for _, envelope := range []tasks.Envelope{start, tasks.NewFailed("job2")} {
		enqueue(t, client, envelope.ID)
		page := get(t, url+"/queues/api/queues/backup/tasks/"+neturl.PathEscape(envelope.ID))
		if page.status != http.StatusOK || !strings.Contains(page.body, `"id":"`+envelope.ID+`"`) {
			t.Errorf("the page of task %s answers %d: %.80s", envelope.ID, page.status, page.body)
		}
	}
}
