//! A consumer group: members, generations, who owns what, committed and pending offsets.

use crate::topic::TransactionId;
use std::collections::BTreeMap;
use stream::SourcePartition;

/// What a member hears when it polls.
pub(crate) enum Heard {
    Nothing,
    Revoked(Vec<SourcePartition>),
    Assigned(Vec<SourcePartition>),
}

#[derive(Default)]
pub(crate) struct Group {
    pub(crate) generation: u64,
    members: Vec<String>,
    target: BTreeMap<SourcePartition, String>,
    owner: BTreeMap<SourcePartition, String>,
    pub(crate) committed: BTreeMap<SourcePartition, i64>,
    pub(crate) pending: BTreeMap<SourcePartition, (TransactionId, i64)>,
}

impl Group {
    pub(crate) fn is_member(&self, member: &str) -> bool {
        self.members.iter().any(|other| other == member)
    }

    pub(crate) fn is_owner(&self, source: &SourcePartition, member: &str) -> bool {
        self.owner.get(source).is_some_and(|owner| owner == member)
    }

    /// The partitions that its members share.
    pub(crate) fn sources(&self) -> Vec<SourcePartition> {
        self.target.keys().cloned().collect()
    }

    /// Joins, if it is not a member yet; the others give partitions up when they poll next.
    pub(crate) fn join(&mut self, member: &str, sources: &[SourcePartition]) {
        if !self.is_member(member) {
            self.members.push(member.to_owned());
            self.rebalance(sources);
        }
    }

    /// Removes a member, as after its session timed out: it still believes that it owns its partitions.
    pub(crate) fn expire(&mut self, member: &str, sources: &[SourcePartition]) {
        if self.is_member(member) {
            self.members.retain(|other| other != member);
            self.owner.retain(|_, owner| owner != member);
            self.rebalance(sources);
        }
    }

    fn rebalance(&mut self, sources: &[SourcePartition]) {
        self.generation += 1;
        self.target.clear();
        let count = self.members.len();
        if count == 0 {
            return;
        }
        for source in sources {
            let at = usize::try_from(source.partition).unwrap_or(0) % count;
            self.target.insert(source.clone(), self.members[at].clone());
        }
    }

    /// What a member must know before it reads on: first what it lost, then what it may take.
    pub(crate) fn hear(&mut self, member: &str) -> Heard {
        let lost: Vec<_> = self
            .owner
            .iter()
            .filter(|(source, owner)| *owner == member && self.target.get(*source) != Some(*owner))
            .map(|(source, _)| source.clone())
            .collect();
        if !lost.is_empty() {
            for source in &lost {
                self.owner.remove(source);
            }
            return Heard::Revoked(lost);
        }
        let free: Vec<_> = self
            .target
            .iter()
            .filter(|(source, target)| *target == member && !self.owner.contains_key(*source))
            .map(|(source, _)| source.clone())
            .collect();
        if free.is_empty() {
            return Heard::Nothing;
        }
        for source in &free {
            self.owner.insert(source.clone(), member.to_owned());
        }
        Heard::Assigned(free)
    }

    /// Ends what a transaction holds of the group's offsets.
    pub(crate) fn end(&mut self, transaction: TransactionId, commit: bool) {
        let ended: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, (holder, _))| *holder == transaction)
            .map(|(source, (_, offset))| (source.clone(), *offset))
            .collect();
        for (source, offset) in ended {
            self.pending.remove(&source);
            if commit {
                self.committed.insert(source, offset);
            }
        }
    }
}
