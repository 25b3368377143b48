package config

import (
	"fmt"
	"time"
)

func ledgerKeys(c *Config) []key {
	l := &c.Ledger
	return []key{
		{
			path: "ledger.seal_every", value: duration(&l.SealEvery, time.Second, time.Hour), def: "10s",
			doc: "How often the leader seals what has been added to the history. `holdfast audit verify` says what no seal has yet.",
		},
		{
			path: "ledger.key", value: secret(&l.Key, checkKey), example: "from-a-secret-store-32-or-more-characters",
			doc: "Key that signs the seals of the history, 32 characters or more, known to schedulers and whoever runs `holdfast audit verify`. Without one, whoever can write the catalog can also rewrite history and all seals after it, unnoticed unless a seal is kept elsewhere.",
		},
		{
			path: "ledger.previous_key", value: secret(&l.PreviousKey, checkKey), example: "the-key-before-32-or-more-characters-x",
			doc: "The key before ledger.key; its seals are still believed.",
		},
	}
}

func queueKeys(c *Config) []key {
	q := &c.Queue
	return []key{
		{
			path: "queue.key", value: secret(&q.Key, checkKey), example: "from-a-secret-store-32-or-more-characters",
			doc: "Key that signs the tasks in Redis, 32 characters or more, the same in schedulers and workers. A task without its signature is refused, counted and kept. Without a key, whoever can write Redis can have any waiting job started, though never one the catalog does not have.",
		},
		{
			path: "queue.previous_key", value: secret(&q.PreviousKey, checkKey), example: "the-key-before-32-or-more-characters-x",
			doc: "Another key whose tasks are believed. To change the key, first give the new one here to every process, then swap the two, then remove the old one.",
		},
	}
}

// minKeyChars is how long a key must be at least; a random one of that length in any
// alphabet that people use has 128 bits and more.
const minKeyChars = 32

func checkKey(s string) error {
	if s != "" && len(s) < minKeyChars {
		return fmt.Errorf("is too short for a key: use %d random characters or more, for example from `openssl rand -hex 32`", minKeyChars)
	}
	return nil
}
