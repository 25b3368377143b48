// Package catalog is Holdfast's memory: jobs, their history, recovery points and the
// holds on them, the inventory, caps, rule fires and the leader lease. This package has
// the types, the one transition table and the contract of a store; catalog/sqlstore
// keeps it in SQLite or PostgreSQL and catalog/catalogtest proves both do the same.
package catalog
