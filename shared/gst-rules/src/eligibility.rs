//! Who may take credit (ELG-1, ELG-2) and what is blocked by section 17(5) (BLK-1 to BLK-3).

use crate::coded::coded;
use crate::rule::{BLK_1, ELG_1, ELG_2, RuleRef};
use gst_types::IstDate;

coded! {
    /// How a recipient is registered (ELG-1).
    RecipientKind {
        /// Regular taxpayer.
        Regular = "REGULAR",
        /// Composition taxpayer.
        Composition = "COMPOSITION",
        /// Not registered.
        Unregistered = "UNREGISTERED",
        /// Input service distributor: distributes, never takes credit for itself.
        Isd = "ISD",
    }
}
coded! {
    /// How a supplier is registered (ELG-2).
    SupplierKind {
        /// Regular taxpayer.
        Regular = "REGULAR",
        /// Composition taxpayer.
        Composition = "COMPOSITION",
        /// Not registered.
        Unregistered = "UNREGISTERED",
    }
}
coded! {
    /// What was bought.
    Category {
        /// Inputs.
        Input = "INPUT",
        /// Input services.
        InputService = "INPUT_SERVICE",
        /// Capital goods.
        CapitalGoods = "CAPITAL_GOODS",
        /// Passenger vehicle with more than 13 seats.
        MotorVehicleOver13 = "MOTOR_VEHICLE_OVER_13",
        /// Goods vehicle.
        GoodsVehicle = "GOODS_VEHICLE",
        /// 17(5)(a): passenger vehicle with up to 13 seats.
        MotorVehicleUpTo13 = "MOTOR_VEHICLE_UPTO_13",
        /// 17(5)(aa): vessel or aircraft.
        VesselAircraft = "VESSEL_AIRCRAFT",
        /// 17(5)(ab): insurance, repair and maintenance of those.
        VehicleInsuranceRepair = "VEHICLE_INSURANCE_REPAIR",
        /// 17(5)(b): food and beverages.
        Food = "FOOD",
        /// 17(5)(b): outdoor catering.
        OutdoorCatering = "OUTDOOR_CATERING",
        /// 17(5)(b): beauty treatment.
        Beauty = "BEAUTY",
        /// 17(5)(b): health services.
        HealthService = "HEALTH_SERVICE",
        /// 17(5)(b): cosmetic and plastic surgery.
        CosmeticSurgery = "COSMETIC_SURGERY",
        /// 17(5)(b): life and health insurance.
        LifeHealthInsurance = "LIFE_HEALTH_INSURANCE",
        /// 17(5)(b): renting of the vehicles of clause (a).
        VehicleRenting = "VEHICLE_RENTING",
        /// 17(5)(b): club and fitness membership.
        ClubMembership = "CLUB_MEMBERSHIP",
        /// 17(5)(b): leave travel of employees.
        EmployeeTravel = "EMPLOYEE_TRAVEL",
        /// 17(5)(c): works contract for immovable property.
        WorksContractImmovable = "WORKS_CONTRACT_IMMOVABLE",
        /// 17(5)(d): own construction of immovable property.
        ImmovablePropertyConstruction = "IMMOVABLE_PROPERTY_CONSTRUCTION",
        /// 17(5)(fa): corporate social responsibility.
        Csr = "CSR",
        /// 17(5)(g): personal consumption.
        PersonalConsumption = "PERSONAL_CONSUMPTION",
        /// 17(5)(h): lost, stolen, destroyed, written off, given away.
        LostDestroyedGift = "LOST_DESTROYED_GIFT",
        /// 17(5)(i): tax paid after fraud, detention or confiscation.
        TaxAfterFraud = "TAX_AFTER_FRAUD",
    }
}
coded! {
    /// What it is used for, as far as section 17(5) asks (BLK-2).
    Use {
        /// Further supply of the same goods.
        FurtherSupply = "FURTHER_SUPPLY",
        /// Transport of passengers.
        PassengerTransport = "PASSENGER_TRANSPORT",
        /// Driving, flying or navigating lessons.
        DrivingLessons = "DRIVING_LESSONS",
        /// Transport of goods; vessels and aircraft only.
        GoodsTransport = "GOODS_TRANSPORT",
        /// Outward supply of the same kind; clause (b) only.
        SameKindSupply = "SAME_KIND_SUPPLY",
        /// Part of a composite supply; clause (b) only.
        CompositeSupply = "COMPOSITE_SUPPLY",
        /// Plant and machinery; clauses (c) and (d) only.
        PlantAndMachinery = "PLANT_AND_MACHINERY",
    }
}
coded! {
    /// The clause of section 17(5) that blocks credit (BLK-1).
    Clause {
        /// Passenger vehicles.
        A = "17(5)(a)",
        /// Vessels and aircraft.
        Aa = "17(5)(aa)",
        /// Insurance, repair and maintenance of those.
        Ab = "17(5)(ab)",
        /// Food, health, membership, travel.
        B = "17(5)(b)",
        /// Works contract.
        C = "17(5)(c)",
        /// Own construction.
        D = "17(5)(d)",
        /// Corporate social responsibility.
        Fa = "17(5)(fa)",
        /// Personal consumption.
        G = "17(5)(g)",
        /// Lost or given away.
        H = "17(5)(h)",
        /// After fraud.
        I = "17(5)(i)",
    }
}

impl Category {
    /// BLK-1: the clause that names the category; `None` where it is free.
    #[must_use]
    pub const fn clause(self) -> Option<Clause> {
        match self {
            Self::Input | Self::InputService | Self::CapitalGoods | Self::MotorVehicleOver13 | Self::GoodsVehicle => {
                None
            }
            Self::MotorVehicleUpTo13 => Some(Clause::A),
            Self::VesselAircraft => Some(Clause::Aa),
            Self::VehicleInsuranceRepair => Some(Clause::Ab),
            Self::Food
            | Self::OutdoorCatering
            | Self::Beauty
            | Self::HealthService
            | Self::CosmeticSurgery
            | Self::LifeHealthInsurance
            | Self::VehicleRenting
            | Self::ClubMembership
            | Self::EmployeeTravel => Some(Clause::B),
            Self::WorksContractImmovable => Some(Clause::C),
            Self::ImmovablePropertyConstruction => Some(Clause::D),
            Self::Csr => Some(Clause::Fa),
            Self::PersonalConsumption => Some(Clause::G),
            Self::LostDestroyedGift => Some(Clause::H),
            Self::TaxAfterFraud => Some(Clause::I),
        }
    }
}

/// What was bought, by whom, from whom and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The recipient.
    pub recipient: RecipientKind,
    /// The supplier.
    pub supplier: SupplierKind,
    /// What was bought.
    pub category: Category,
    /// What it is used for, if section 17(5) asks.
    pub used_for: Option<Use>,
    /// Whether a law obliges the employer to provide it (clause (b)).
    pub statutory_obligation: bool,
    /// Whether construction is capitalised (clauses (c) and (d)).
    pub capitalised: bool,
    /// The day that decides about clause (fa); unknown counts as after its start.
    pub date: Option<IstDate>,
}

/// Whether credit may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// It may.
    Eligible,
    /// The recipient may take none (ELG-1).
    Recipient(RecipientKind),
    /// The supplier's document gives none (ELG-2).
    Supplier(SupplierKind),
    /// Blocked; goes gross into 4(A) and out through 4(B)(1) (BLK-1, BLK-3).
    Blocked(Clause),
}

impl Eligibility {
    /// The rule that decided.
    #[must_use]
    pub const fn rule(self) -> RuleRef {
        match self {
            Self::Recipient(_) => ELG_1,
            Self::Supplier(_) => ELG_2,
            Self::Eligible | Self::Blocked(_) => BLK_1,
        }
    }

    /// Why not, as case files write it; `None` where credit may be taken.
    #[must_use]
    pub fn reason(self) -> Option<String> {
        match self {
            Self::Eligible => None,
            Self::Recipient(kind) => Some(format!("RECIPIENT_{}", kind.code())),
            Self::Supplier(kind) => Some(format!("SUPPLIER_{}", kind.code())),
            Self::Blocked(clause) => Some(clause.code().to_owned()),
        }
    }
}

/// ELG-1, ELG-2, BLK-1, BLK-2: whether credit may be taken; recipient, supplier and category in this order.
#[must_use]
pub fn eligibility(purchase: &Purchase) -> Eligibility {
    match (purchase.recipient, purchase.supplier) {
        (RecipientKind::Composition | RecipientKind::Unregistered | RecipientKind::Isd, _) => {
            Eligibility::Recipient(purchase.recipient)
        }
        (RecipientKind::Regular, SupplierKind::Composition | SupplierKind::Unregistered) => {
            Eligibility::Supplier(purchase.supplier)
        }
        (RecipientKind::Regular, SupplierKind::Regular) => match purchase.category.clause() {
            Some(clause) if !is_excepted(clause, purchase) => Eligibility::Blocked(clause),
            Some(_) | None => Eligibility::Eligible,
        },
    }
}

/// BLK-2: whether use, obligation, capitalisation or date takes the purchase out of the clause. Construction is blocked unless
/// it is plant and machinery (conflict C12).
fn is_excepted(clause: Clause, purchase: &Purchase) -> bool {
    let used_for = |uses: &[Use]| purchase.used_for.is_some_and(|used_for| uses.contains(&used_for));
    let vehicle_use = used_for(&[Use::FurtherSupply, Use::PassengerTransport, Use::DrivingLessons]);
    match clause {
        Clause::A | Clause::Ab => vehicle_use,
        Clause::Aa => vehicle_use || used_for(&[Use::GoodsTransport]),
        Clause::B => {
            purchase.statutory_obligation
                || used_for(&[Use::SameKindSupply, Use::CompositeSupply])
                || purchase.category == Category::VehicleRenting && vehicle_use
        }
        Clause::C | Clause::D => !purchase.capitalised || used_for(&[Use::PlantAndMachinery]),
        Clause::Fa => {
            let from = IstDate::from_ymd(2023, 10, 1);
            purchase.date.zip(from).is_some_and(|(date, from)| date < from)
        }
        Clause::G | Clause::H | Clause::I => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(category: Category) -> Purchase {
        Purchase {
            recipient: RecipientKind::Regular,
            supplier: SupplierKind::Regular,
            category,
            used_for: None,
            statutory_obligation: false,
            capitalised: true,
            date: None,
        }
    }

    fn used(category: Category, used_for: Use) -> Eligibility {
        eligibility(&Purchase { used_for: Some(used_for), ..purchase(category) })
    }

    #[test]
    fn elg_1_elg_2_recipient_before_supplier_before_category() {
        let all_wrong = Purchase {
            recipient: RecipientKind::Composition,
            supplier: SupplierKind::Unregistered,
            ..purchase(Category::Csr)
        };
        assert_eq!(eligibility(&all_wrong).reason().as_deref(), Some("RECIPIENT_COMPOSITION"));
        let supplier = Purchase { recipient: RecipientKind::Regular, ..all_wrong };
        assert_eq!(eligibility(&supplier).reason().as_deref(), Some("SUPPLIER_UNREGISTERED"));
    }

    #[test]
    fn blk_2_goods_transport_frees_vessels_only() {
        assert_eq!(used(Category::VesselAircraft, Use::GoodsTransport), Eligibility::Eligible);
        assert_eq!(used(Category::MotorVehicleUpTo13, Use::GoodsTransport), Eligibility::Blocked(Clause::A));
        assert_eq!(used(Category::MotorVehicleUpTo13, Use::DrivingLessons), Eligibility::Eligible);
        assert_eq!(used(Category::MotorVehicleUpTo13, Use::SameKindSupply), Eligibility::Blocked(Clause::A));
    }

    #[test]
    fn blk_2_obligation_helps_clause_b_only() {
        let obliged = |category| eligibility(&Purchase { statutory_obligation: true, ..purchase(category) });
        assert_eq!(obliged(Category::Food), Eligibility::Eligible);
        assert_eq!(obliged(Category::MotorVehicleUpTo13), Eligibility::Blocked(Clause::A));
        assert_eq!(used(Category::Food, Use::CompositeSupply), Eligibility::Eligible);
        assert_eq!(used(Category::Food, Use::FurtherSupply), Eligibility::Blocked(Clause::B));
    }

    #[test]
    fn blk_1_construction_is_blocked_as_far_as_capitalised() {
        let construction = purchase(Category::ImmovablePropertyConstruction);
        assert_eq!(eligibility(&construction), Eligibility::Blocked(Clause::D));
        assert_eq!(eligibility(&Purchase { capitalised: false, ..construction }), Eligibility::Eligible);
        assert_eq!(used(Category::WorksContractImmovable, Use::PlantAndMachinery), Eligibility::Eligible);
    }

    #[test]
    fn blk_1_csr_is_blocked_from_october_2023() {
        let on = |date: &str| eligibility(&Purchase { date: date.parse().ok(), ..purchase(Category::Csr) });
        assert_eq!(on("2023-09-30"), Eligibility::Eligible);
        assert_eq!(on("2023-10-01"), Eligibility::Blocked(Clause::Fa));
    }
}
