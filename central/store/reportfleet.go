package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/report"
)

// GatewayRows implements report.Source.
func (s ReportSource) GatewayRows(ctx context.Context) ([]report.GatewayRow, error) {
	rows, err := list(ctx, s.read, func(r *sql.Rows) (g report.GatewayRow, err error) {
		var enrolled, notAfter int64
		var revoked, heard sql.NullInt64
		err = r.Scan(&g.ID, &g.Building, &enrolled, &notAfter, &revoked, &heard, &g.Report)
		g.EnrolledAt, g.NotAfter, g.RevokedAt, g.HeardAt = instant(enrolled), instant(notAfter), pointer(revoked), pointer(heard)
		return g, err
	}, `SELECT id, building_id, enrolled_at, not_after, revoked_at, heard_at, report FROM gateway ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	return rows, nil
}

// Streams implements report.Source.
func (s ReportSource) Streams(ctx context.Context) ([]report.Stream, error) {
	streams, err := list(ctx, s.read, func(r *sql.Rows) (x report.Stream, err error) {
		var id []byte
		var through, durable, heard int64
		err = r.Scan(&id, &x.Owner, &through, &durable, &heard, &x.Quarantined, &x.Settled)
		x.ID, x.HeardAt = hex.EncodeToString(id), instant(heard)
		x.Through, x.Durable = uint64(through), uint64(durable)
		return x, err
	}, `SELECT id, gateway_id, through, durable, heard_at, quarantined, settled FROM stream ORDER BY gateway_id, id`)
	if err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	return streams, nil
}

// Publications implements report.Source.
func (s ReportSource) Publications(ctx context.Context) (map[string]uint64, error) {
	versions := make(map[string]uint64)
	_, err := list(ctx, s.read, func(r *sql.Rows) (version int64, err error) {
		var building string
		if err = r.Scan(&building, &version); err == nil {
			versions[building] = uint64(version)
		}
		return version, err
	}, `SELECT building_id, version FROM publication`)
	if err != nil {
		return nil, fmt.Errorf("list publications: %w", err)
	}
	return versions, nil
}
