-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "last_ip" TEXT,
ADD COLUMN     "rotated_network" TEXT,
ADD COLUMN     "shared_event_id" UUID;

-- CreateTable
CREATE TABLE "use_counters" (
    "key" TEXT NOT NULL,
    "uses" INTEGER NOT NULL,
    "window_ends_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "use_counters_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "use_counters_window_ends_at_idx" ON "use_counters"("window_ends_at");
