// Package replicate keeps every record of a cluster's journals on every gateway of the cluster: Raft on our own log, with
// Badger as its state machine, and a shipper that feeds it from this gateway's journal.
// It is not on the way of any light: a gateway without quorum records taps as ever and ships them later. It judges no
// record and sends nothing to central.
package replicate
