//! What a log of ours could get wrong, as switches of the simulated one.

/// What a log of ours could get wrong. A test makes a mistake to show that it would be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistake {
    /// T2: keeps the producer after an unknown outcome, and only aborts with it.
    KeepsProducer,
    /// T3: restores only to the last stable offset.
    RestoresToLastStableOffset,
    /// T4: writes no checkpoint, so that only the group knows how far it is.
    KeepsNoCheckpoint,
    /// T5: takes the group's generation when it commits, not when it polled.
    TakesGenerationLate,
    /// T6: commits without the offsets, and so without the check of the generation.
    LeavesOffsetsOut,
    /// T11: opens its transaction, and writes into topics that it has written to before, when it has polled: what it has
    /// not decided yet is in nobody's way only with the transaction closed.
    OpensTransactionEarly,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 6] = [
        Self::KeepsProducer,
        Self::RestoresToLastStableOffset,
        Self::KeepsNoCheckpoint,
        Self::TakesGenerationLate,
        Self::LeavesOffsetsOut,
        Self::OpensTransactionEarly,
    ];
}
