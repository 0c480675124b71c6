package storage

import (
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// journalLog is the gateway's journal as the gateway uses it: a record is encoded, numbered and durable.
type journalLog struct{ *journal.Journal }

func openJournal(dir string) (contender, error) {
	j, err := journal.Open(journal.Options{Dir: dir})
	return &journalLog{j}, err
}

func (j *journalLog) keep(r contract.Record) error {
	_, err := j.Append(r)
	return err
}

func (j *journalLog) close() error { return j.Close() }
