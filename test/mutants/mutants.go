// Command mutants shows that the tests can fail: it plants eight bugs, each behind a build tag of its own, and has the tests
// run that are to catch it. A bug that none of them catches survives, and the command fails. It judges tests, not the product.
//
// A planted bug is a file mutant_<name>.go that stands in for the file beside it with the same function, so that the shipped
// code knows nothing of it.
package main

// mutant is one planted bug and who is to catch it.
type mutant struct {
	name string // the build tag is mutant_<name>
	bug  string
	by   []check
}

// check is a set of tests of one package.
type check struct {
	pkg   string
	tests string   // as for go test -run
	args  []string // of the test binary
}

var (
	journal  = "./gateway/journal"
	gateway  = "./gateway"
	store    = "./central/store"
	onSQLite = []string{"-engine", "sqlite"}
)

var mutants = []mutant{
	{"fsync_skipped", "the journal answers before its disk has the tap", []check{
		{pkg: journal, tests: "TestPowerCutLosesNothingAcknowledged"},
	}},
	{"continue_after_eio", "the journal goes on after a storage error", []check{
		{pkg: journal, tests: "TestFirstStorageErrorIsLatched|TestFailedFlushIsNotBelievedAfterRestart"},
	}},
	{"watermark_before_fsync", "readers see a tap that is not on disk yet", []check{
		{pkg: journal, tests: "TestNothingIsShownBeforeItIsDurable"},
	}},
	{"no_dedup", "central takes a record again that it has", []check{
		{pkg: store, tests: "TestIngestStoresEachRecordOnce|TestAnyDeliveryOfAStreamStoresItOnce", args: onSQLite},
	}},
	{"ack_before_commit", "central answers before it has committed", []check{
		{pkg: store, tests: "TestIngestStoresEachRecordOnce|TestIngestIsAllOrNothing", args: onSQLite},
	}},
	{"seq_reuse", "a journal that begins anew gives its numbers once more", []check{
		{pkg: journal, tests: "TestNewStreamKeepsTheOldOne"},
	}},
	{"no_new_stream", "a disk that is an older copy of itself goes on under its old name", []check{
		{pkg: gateway, tests: "TestOldImageIsCarriedOver|TestRestreamIsBounded"},
	}},
	{"red_taps_dropped", "who was refused leaves no trace", []check{
		{pkg: gateway, tests: "TestTapFromCardToCentral|TestRecordOfATap"},
	}},
}
