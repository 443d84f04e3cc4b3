//go:build unix

package orders

import (
	"testing"

	"example.com/locks/db"
)

func TestQuery1(t *testing.T) { db.Open(t) }

func TestQuery2(t *testing.T) { db.Open(t) }

func TestQuery3(t *testing.T) { db.Open(t) }

func TestQuery4(t *testing.T) { db.Open(t) }

func TestQuery5(t *testing.T) { db.Open(t) }

func TestQuery6(t *testing.T) { db.Open(t) }

func TestQuery7(t *testing.T) { db.Open(t) }

func TestQuery8(t *testing.T) { db.Open(t) }

func TestQuery9(t *testing.T) { db.Open(t) }

func TestQuery10(t *testing.T) { db.Open(t) }

func TestQuery11(t *testing.T) { db.Open(t) }

func TestQuery12(t *testing.T) { db.Open(t) }

//cohort:group migration
func TestMigrate(t *testing.T) { db.Open(t) }

//cohort:group migration
func TestMigrateBack(t *testing.T) { db.Open(t) }
