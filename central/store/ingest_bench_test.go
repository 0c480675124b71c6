package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// BenchmarkIngest stores full batches of one stream in a database on disk, each durable before the next is begun. Every
// second card belongs to one of 250 students, who become dirty.
func BenchmarkIngest(b *testing.B) { onEngine(b, benchmarkIngest) }

func benchmarkIngest(b *testing.B) {
	d := newDoor(b)
	for i := range 250 {
		student, digest := fmt.Sprintf("s%d", i), contract.DigestOf([]byte("campus"), fmt.Sprintf("w26:1:%d", 2*i))
		d.exec(b, `INSERT INTO student (id, name) VALUES ($1, '')`, student)
		d.exec(b, `INSERT INTO card (digest, student_id) VALUES ($1, $2)`, digest[:], student)
	}
	batches := 0
	for b.Loop() {
		b.StopTimer()
		records := taps(1, contract.MaxBatchRecords) // the same cards again
		batch := batchOf(b, streamA, uint64(batches*contract.MaxBatchRecords+1), records...)
		b.StartTimer()
		if _, err := d.intake.Ingest(context.Background(), "gw-a", batch); err != nil {
			b.Fatal(err)
		}
		batches++
	}
	b.ReportMetric(float64(batches*contract.MaxBatchRecords)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkIngestKnown takes in a batch that is there already, as after a lost answer.
func BenchmarkIngestKnown(b *testing.B) { onEngine(b, benchmarkIngestKnown) }

func benchmarkIngestKnown(b *testing.B) {
	d := newDoor(b)
	batch := batchOf(b, streamA, 1, taps(1, contract.MaxBatchRecords)...)
	for b.Loop() {
		if _, err := d.intake.Ingest(context.Background(), "gw-a", batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*contract.MaxBatchRecords)/b.Elapsed().Seconds(), "rows/s")
}
