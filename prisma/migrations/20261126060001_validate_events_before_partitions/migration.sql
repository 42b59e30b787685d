-- Reads the table without blocking reads or writes.
ALTER TABLE "events" VALIDATE CONSTRAINT "events_in_first_partition";
