package localserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"holdfast/internal/clock"
)

// RedisSet is several Redis servers that belong together: a Cluster, or a master with a
// replica and a sentinel. Its methods must not be called concurrently.
type RedisSet struct {
	// Addresses are what a client is given: nodes of the Cluster, or the sentinel.
	Addresses []string
	// Servers keep data: the nodes, or the master and its replica.
	Servers []*Redis

	sentinel *Process
}

// MasterName is what a sentinel of ours calls the master it watches.
const MasterName = "holdfast"

// Stop kills every process of the set.
func (s *RedisSet) Stop() {
	if s.sentinel != nil {
		s.sentinel.Kill()
	}
	for _, server := range s.Servers {
		server.Kill()
	}
}

// clusterNodes is how many masters a Cluster has, the least there may be.
const clusterNodes = 3

// clusterSlots is how many hash slots there are.
// Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
const clusterSlots = 16384

// StartRedisCluster starts three masters without replicas that share the hash slots.
func StartRedisCluster(dir string) (_ *RedisSet, err error) {
	s := &RedisSet{}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	var buses []int
	for i := range clusterNodes {
		bus, err := FreePort()
		if err != nil {
			return nil, err
		}
		// Two servers cannot share a directory: both would write nodes.conf.
		home := filepath.Join(dir, fmt.Sprintf("redis-node-%d", i))
		if err := os.MkdirAll(home, 0o755); err != nil {
			return nil, fmt.Errorf("make directory: %w", err)
		}
		node, err := StartRedis(home, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus))
		if err != nil {
			return nil, err
		}
		s.Servers, s.Addresses, buses = append(s.Servers, node), append(s.Addresses, node.Addr), append(buses, bus)
	}
	return s, s.join(buses)
}

// join gives each node its share of the slots and lets them meet.
func (s *RedisSet) join(buses []int) error {
	for i, node := range s.Servers {
		first, last := i*clusterSlots/clusterNodes, (i+1)*clusterSlots/clusterNodes-1
		if err := ask(node.Addr, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", first, last), "+OK"); err != nil {
			return fmt.Errorf("give slots to %s: %w", node.Addr, err)
		}
		meet := fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d %d", s.Servers[0].port, buses[0])
		if err := ask(node.Addr, meet, "+OK"); err != nil {
			return fmt.Errorf("let %s meet the others: %w", node.Addr, err)
		}
	}
	for _, node := range s.Servers {
		if err := awaitInfo(node.Addr, "CLUSTER INFO", "cluster_state:ok", fmt.Sprintf("cluster_known_nodes:%d", clusterNodes)); err != nil {
			return err
		}
	}
	return nil
}

// StartRedisSentinel starts a master, a replica that has caught up, and a sentinel that
// makes the replica the master half a second after the master is gone.
func StartRedisSentinel(dir string) (_ *RedisSet, err error) {
	s := &RedisSet{}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	master, err := StartRedis(dir)
	if err != nil {
		return nil, err
	}
	s.Servers = append(s.Servers, master)
	home := filepath.Join(dir, "redis-replica")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	replica, err := StartRedis(home, replicaOf(master)...)
	if err != nil {
		return nil, err
	}
	s.Servers = append(s.Servers, replica)
	if err := awaitInfo(replica.Addr, "INFO replication", "master_link_status:up"); err != nil {
		return nil, err
	}
	return s, s.watch(dir, master)
}

// watch starts the sentinel. It writes what it learns into its configuration.
func (s *RedisSet) watch(dir string, master *Redis) error {
	return onFreePort(func(port int) error {
		file := filepath.Join(dir, "sentinel.conf")
		lines := []string{
			fmt.Sprintf("port %d", port), "bind 127.0.0.1", "dir " + dir,
			fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1", MasterName, master.port),
			"sentinel down-after-milliseconds " + MasterName + " 500",
			"sentinel failover-timeout " + MasterName + " 3000",
		}
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return fmt.Errorf("write sentinel configuration: %w", err)
		}
		addr := address(port)
		proc, err := StartProcess(Spec{
			Path: master.path, Args: []string{file, "--sentinel"}, Log: filepath.Join(dir, "sentinel.log"),
			Ready: func() error {
				return infoHas(addr, "INFO sentinel", "status=ok", "slaves=1")
			},
		})
		s.sentinel, s.Addresses = proc, []string{addr}
		return err
	})
}

// Master returns the server that takes writes, and the other one; nil when neither says that
// it does.
func (s *RedisSet) Master() (master, other *Redis) {
	for i, server := range s.Servers {
		if infoHas(server.Addr, "INFO replication", "role:master") == nil {
			return server, s.Servers[1-i]
		}
	}
	return nil, nil
}

// Failover kills the master with -9 and returns when the replica has taken over. Rejoin
// makes another one possible.
func (s *RedisSet) Failover() error {
	master, other := s.Master()
	if master == nil {
		return errors.New("fail over: no server is the master")
	}
	master.Kill()
	return awaitInfo(other.Addr, "INFO replication", "role:master")
}

// Rejoin starts the server that Failover killed as the replica of the other and returns when
// it has caught up.
func (s *RedisSet) Rejoin() error {
	master, dead := s.Master()
	if master == nil {
		return errors.New("rejoin: no server is the master")
	}
	dead.args = replicaOf(master)
	if err := dead.Restart(); err != nil {
		return err
	}
	return awaitInfo(dead.Addr, "INFO replication", "master_link_status:up")
}

// replicaOf returns the arguments of a replica.
func replicaOf(master *Redis) []string {
	return []string{"--replicaof", "127.0.0.1", strconv.Itoa(master.port), "--repl-diskless-sync-delay", "0"}
}

// FlushScripts empties the script cache of every server that keeps data.
func (r *Redis) FlushScripts() error { return ask(r.Addr, "SCRIPT FLUSH", "+OK") }

// awaitInfo waits until the answer to command has every one of wants.
func awaitInfo(addr, command string, wants ...string) error {
	var last error
	if !poll(startTimeout, func() bool { last = infoHas(addr, command, wants...); return last == nil }) {
		return fmt.Errorf("%s at %s: %w", command, addr, last)
	}
	return nil
}

// infoHas returns nil when the answer to command has every one of wants.
func infoHas(addr, command string, wants ...string) error {
	text, err := bulk(addr, command)
	if err != nil {
		return err
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			return fmt.Errorf("it does not say %s", want)
		}
	}
	return nil
}

// bulk sends one command and returns its answer, a bulk string.
func bulk(addr, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, dialTimeout)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(clock.System().Now().Add(dialTimeout)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprint(conn, command+"\r\n"); err != nil {
		return "", err
	}
	reader := bufio.NewReader(conn)
	head, err := reader.ReadString('\n')
	if err != nil {
		return "", err
	}
	size, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil || size < 0 {
		return "", errors.New(strings.TrimSpace(head))
	}
	text := make([]byte, size)
	_, err = io.ReadFull(reader, text)
	return string(text), err
}
