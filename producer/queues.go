package producer

import (
	"sync"

	"github.com/hibiken/asynq"
)

// queues keeps the client that enqueues. asynq writes a queue's name into Redis the first
// time a client uses the queue, and never again; without the name its inspector denies
// that the queue exists. A new epoch says that Redis was emptied or restarted, so from
// then on a new client is used.
type queues struct {
	newClient func() *asynq.Client

	mu      sync.Mutex
	epoch   int64
	current *asynq.Client
}

// follow changes the client when epoch is newer than any seen before. The old one is not
// closed: it may be in use, and the connection is shared.
func (q *queues) follow(epoch int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if epoch > q.epoch {
		q.epoch, q.current = epoch, q.newClient()
	}
}

func (q *queues) client() *asynq.Client {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.current
}
