"""SQLAlchemy: declarative classes, sessions, relationships, events and the SQL compiler over SQLite in memory."""
# test: needs=sqlalchemy timeout=180
import datetime

from sqlalchemy import (Column, Date, ForeignKey, Integer, Numeric, String, Table, case, create_engine, event, func, literal, select, text)
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Session, aliased, declarative_base, joinedload, relationship, selectinload, validates

Base = declarative_base()
membership = Table("membership", Base.metadata, Column("person_id", ForeignKey("person.id"), primary_key=True),
                   Column("team_id", ForeignKey("team.id"), primary_key=True))


class Person(Base):
    __tablename__ = "person"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False, unique=True)
    born = Column(Date)
    type = Column(String(10))
    orders = relationship("Order", back_populates="person", cascade="all, delete-orphan", order_by="Order.id")
    teams = relationship("Team", secondary=membership, back_populates="people")
    __mapper_args__ = {"polymorphic_on": type, "polymorphic_identity": "person"}

    @validates("name")
    def check_name(self, key, name):
        if not name:
            raise ValueError(f"{key} is empty")
        return name.strip()

    @hybrid_property
    def initial(self):
        return self.name[0]

    @initial.expression
    def initial(cls):
        return func.substr(cls.name, 1, 1)


class Manager(Person):
    level = Column(Integer)
    __mapper_args__ = {"polymorphic_identity": "manager"}


class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    person_id = Column(ForeignKey("person.id"), nullable=False)
    amount = Column(Numeric(10, 2))
    person = relationship("Person", back_populates="orders")


class Team(Base):
    __tablename__ = "team"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    people = relationship("Person", secondary=membership, back_populates="teams")


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
statements = []
event.listen(engine, "before_cursor_execute", lambda conn, cursor, statement, *rest: statements.append(statement))
flushed = []
event.listen(Session, "after_flush", lambda session, context: flushed.append((len(session.new), len(session.dirty), len(session.deleted))))

with Session(engine) as session:
    teams = [Team(name=f"team {i}") for i in range(4)]
    for i in range(80):
        kind = Manager if i % 9 == 0 else Person
        person = kind(name=f" {chr(97 + i % 26)} person {i}", born=datetime.date(1950 + i % 50, i % 12 + 1, i % 28 + 1), teams=teams[i % 4:i % 4 + 2])
        if kind is Manager:
            person.level = i % 5
        person.orders = [Order(amount=i * j + 0.25) for j in range(i % 4)]
        session.add(person)
    session.commit()
    print(len(statements), flushed, session.query(Person).count(), session.query(Manager).count())

for round in range(12):
    statements.clear()
    with Session(engine) as session:
        totals = (select(Person.name, func.count(Order.id).label("n"), func.sum(Order.amount).label("total")).join(Person.orders)
                  .group_by(Person.id).having(func.count(Order.id) > 2).order_by(func.sum(Order.amount).desc()).limit(4))
        rows = session.execute(totals).all()
        loaded = session.scalars(select(Person).options(selectinload(Person.orders), joinedload(Person.teams)).where(Person.initial.in_(["a", "c"]))
                                 .order_by(Person.id)).unique().all()
        other = aliased(Person)
        pairs = session.execute(select(Person.id, other.id).join(other, Person.born == other.born).where(Person.id < other.id)).all()
        branch = session.execute(select(case((Order.amount > 100, literal("big")), else_="small").label("size"), func.count()).group_by("size")).all()
        manager = session.get(Person, 10)
        found = (rows, [(p.name, p.initial, [str(o.amount) for o in p.orders], [t.name for t in p.teams]) for p in loaded], len(pairs), branch,
                 type(manager).__name__, manager.level, len(statements))
        if round in (0, 11):
            print(found)
        assert found[0] == rows

with Session(engine) as session:
    person = session.scalars(select(Person).where(Person.name == "b person 1")).one()
    person.orders.pop()
    person.name = "  renamed "
    session.flush()
    print(person.name, session.query(Order).count(), session.is_modified(person))
    session.rollback()
    print(person.name, session.query(Order).count())
    for bad in (lambda: session.add(Person(name="b person 1")), lambda: Person(name=""), lambda: session.scalars(select(Person).where(Person.id == -1)).one()):
        try:
            bad()
            session.flush()
        except (IntegrityError, ValueError, NoResultFound) as error:
            print(type(error).__name__, str(error).splitlines()[0])
            session.rollback()
    session.delete(session.get(Person, 4))
    session.commit()
    print(session.query(Order).count(), session.execute(text("select count(*) from membership")).scalar())
    detached = session.get(Person, 2)
    print(detached in session, detached.__dict__.keys() - {"_sa_instance_state"} >= {"id", "name"})
print(str(select(Person, Team).join(Person.teams).where(Person.name.like("%x%") | (Team.id + 1 > 3)).order_by(Team.name.desc()).offset(2)))
