package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

var benchStart = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// databases runs a benchmark on a durable SQLite file and a durable PostgreSQL.
func databases(b *testing.B, run func(b *testing.B, s *sqlstore.Store)) {
	b.Run("sqlite", func(b *testing.B) { run(b, open(b, sqliteFile(b))) })
	b.Run("postgres", func(b *testing.B) { run(b, open(b, testkit.Postgres(b))) })
}

// benchJob is job n of an organization of 200 accounts, 4 regions and 2 kinds.
func benchJob(n int) catalog.Job {
	kinds := []resource.Kind{resource.EBS, resource.RDS}
	r := resource.Resource{
		Account: fmt.Sprintf("%012d", 100000000000+n%200), Region: fmt.Sprintf("eu-central-%d", n/200%4), Kind: kinds[n/800%2],
	}
	r.ARN = fmt.Sprintf("arn:aws:ec2:%s:%s:volume/vol-%017x", r.Region, r.Account, n)
	j := catalog.NewBackup(catalog.JobID("bench", r.ARN), r, "aws", "scheduler", benchStart)
	j.Plan, j.Rule, j.FireAt = "production", "nightly", benchStart
	j.StartBy, j.CompleteBy = benchStart.Add(time.Hour), benchStart.Add(8*time.Hour)
	j.Spec = catalog.Spec{Vault: "default", DeleteAfter: 35, Tags: map[string]string{"team": "platform"}}
	return j
}

func fill(b *testing.B, s *sqlstore.Store, from, to int, edit func(n int, j *catalog.Job)) {
	b.Helper()
	const page = 20_000
	for from < to {
		jobs := make([]catalog.Job, 0, page)
		for ; from < to && len(jobs) < page; from++ {
			j := benchJob(from)
			if edit != nil {
				edit(from, &j)
			}
			jobs = append(jobs, j)
		}
		if n, err := s.InsertJobs(b.Context(), jobs); err != nil || n != len(jobs) {
			b.Fatalf("InsertJobs = %d, %v", n, err)
		}
	}
}

// BenchmarkInsertJobs inserts nights of 20,000 jobs.
func BenchmarkInsertJobs(b *testing.B) {
	databases(b, func(b *testing.B, s *sqlstore.Store) {
		const night = 20_000
		next := 0
		for b.Loop() {
			fill(b, s, next, next+night, nil)
			next += night
		}
		b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "jobs/s")
	})
}

// BenchmarkCommit writes intents, the first commit of each job, from many callers.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			databases(b, func(b *testing.B, s *sqlstore.Store) {
				fill(b, s, 0, b.N, nil)
				b.ResetTimer()
				commitAll(b, s, callers)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			})
		})
	}
}

func commitAll(b *testing.B, s *sqlstore.Store, callers int) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				j := benchJob(n)
				j.Version = 1
				m, err := catalog.Change(j, catalog.Running, benchStart, "w", func(j *catalog.Job) {
					j.IntentOwner, j.Ref, j.NextLookAt = "w", "snap-1", benchStart.Add(time.Minute)
				})
				if err == nil {
					_, err = s.Commit(context.Background(), m)
				}
				if err != nil {
					b.Errorf("Commit: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

const million = 1_000_000

// BenchmarkSubmittable lists 1,000 jobs to submit among a million waiting ones, most of
// which are submitted already.
func BenchmarkSubmittable(b *testing.B) {
	withMillion(b, func(n int, j *catalog.Job) {
		if n%10 != 0 {
			j.Epoch = 7
		}
	}, func(b *testing.B, s *sqlstore.Store) {
		jobs, err := s.Submittable(b.Context(), 7, benchStart, 1000)
		if err != nil || len(jobs) != 1000 {
			b.Fatalf("Submittable = %d, %v", len(jobs), err)
		}
	})
}

// BenchmarkDueLooks finds the groups to look at among a million jobs, 100,000 of which
// wait for a look.
func BenchmarkDueLooks(b *testing.B) {
	withMillion(b, func(n int, j *catalog.Job) {
		if n < million/10 {
			j.NextLookAt = benchStart.Add(time.Duration(n%60) * time.Second)
		}
	}, func(b *testing.B, s *sqlstore.Store) {
		groups, err := s.DueLooks(b.Context(), benchStart.Add(30*time.Second), 5000)
		if err != nil || len(groups) != 1600 {
			b.Fatalf("DueLooks = %d, %v", len(groups), err)
		}
	})
}

func withMillion(b *testing.B, edit func(int, *catalog.Job), call func(*testing.B, *sqlstore.Store)) {
	databases(b, func(b *testing.B, s *sqlstore.Store) {
		fill(b, s, 0, million, edit)
		b.ResetTimer()
		for b.Loop() {
			call(b, s)
		}
	})
}
