package chaos

import (
	"context"
	"math/rand/v2"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"holdfast/internal/localserver"
	"holdfast/tasks"
)

// operatorFaults are what somebody does in asynqmon who wants to help.
func operatorFaults() []fault {
	return []fault{
		{"press_run", 2, pressed("Run", (*asynq.Inspector).RunTask)},
		{"press_delete", 3, pressed("Delete", (*asynq.Inspector).DeleteTask)},
		{"press_archive", 3, pressed("Archive", (*asynq.Inspector).ArchiveTask)},
	}
}

// queue returns what asynqmon's buttons call.
func (r *run) queue() (inspector *asynq.Inspector, done func()) {
	options := &redis.UniversalOptions{Addrs: []string{r.fleet.Redis.Addr}}
	if r.fleet.RedisSet != nil {
		options.Addrs, options.MasterName = r.fleet.RedisSet.Addresses, localserver.MasterName
	}
	client := redis.NewUniversalClient(options)
	return asynq.NewInspectorFromRedisClient(client), func() { _ = client.Close() }
}

// mostPressed is how many tasks a press is for at most: a page of asynqmon.
const mostPressed = 20

// pressed presses a button for some of the tasks there are, whatever they are. asynq refuses
// what does not fit a task's state; the press counts when one was not refused.
func pressed(button string, press func(i *asynq.Inspector, queue, id string) error) striker {
	return func(_ context.Context, r *run, random *rand.Rand) bool {
		inspector, done := r.queue()
		defer done()
		found := listed(inspector)
		random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
		taken := 0
		for _, task := range found[:min(len(found), mostPressed)] {
			if press(inspector, task.Queue, task.ID) == nil {
				taken++
			}
		}
		if taken > 0 {
			r.say("operator: %s on %d tasks", button, taken)
		}
		return taken > 0
	}
}

// listed returns tasks of every queue and state.
func listed(inspector *asynq.Inspector) (all []*asynq.TaskInfo) {
	for _, queue := range tasks.AllQueues() {
		for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			inspector.ListPendingTasks, inspector.ListActiveTasks, inspector.ListScheduledTasks,
			inspector.ListRetryTasks, inspector.ListArchivedTasks, inspector.ListCompletedTasks,
		} {
			some, err := list(queue)
			if err == nil { // a queue that nothing was ever put into is unknown
				all = append(all, some...)
			}
		}
	}
	return all
}
