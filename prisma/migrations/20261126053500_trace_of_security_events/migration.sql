-- AlterTable
ALTER TABLE "security_events" ADD COLUMN     "traceparent" TEXT;
