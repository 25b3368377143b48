"""Makes example resources in moto with boto3, and prints what is there.

usage: example.py create|see ENDPOINT ACCOUNT,... REGION,...

It knows nothing of Holdfast: what it prints is what any other user of AWS would see.
"""

import concurrent.futures
import json
import sys

import boto3

DAILY = {"backup": "daily", "team": "shop"}
NEVER = {"backup": "never"}


def tag_list(tags):
    return [{"Key": k, "Value": v} for k, v in tags.items()]


def tag_map(tags):
    return {t["Key"]: t["Value"] for t in tags or []}


class Place:
    """One account and region, entered through a role as moto tells accounts apart."""

    def __init__(self, endpoint, account, region):
        self.account, self.region = account, region
        sts = boto3.session.Session().client("sts", endpoint_url=endpoint, region_name=region)
        role = f"arn:aws:iam::{account}:role/example"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="example")["Credentials"]
        session = boto3.session.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=region,
        )
        self.ec2, self.rds, self.dynamodb = (
            session.client(name, endpoint_url=endpoint) for name in ("ec2", "rds", "dynamodb")
        )

    def create(self):
        for size, tags in ((8, DAILY), (20, DAILY), (50, NEVER), (1, {})):
            spec = [{"ResourceType": "volume", "Tags": tag_list(tags)}] if tags else []
            self.ec2.create_volume(
                AvailabilityZone=self.region + "a", Size=size, VolumeType="gp3", TagSpecifications=spec
            )
        for name, tags in (("orders", DAILY), ("scratch", {})):
            self.rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t4g.micro",
                Engine="postgres",
                AllocatedStorage=20,
                MasterUsername="admin1",
                MasterUserPassword="not-a-secret",
                Tags=tag_list(tags),
            )
        for name, items, tags in (("customers", 5, DAILY), ("cache", 1, NEVER)):
            self.dynamodb.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                Tags=tag_list(tags),
            )
            for n in range(items):
                self.dynamodb.put_item(TableName=name, Item={"id": {"S": f"{self.account}-{n}"}})

    def see(self):
        yield from self.volumes()
        yield from self.instances()
        yield from self.tables()

    def object(self, what, name, **more):
        return {"what": what, "account": self.account, "region": self.region, "id": name, **more}

    def volumes(self):
        for v in self.pages(self.ec2, "describe_volumes", "Volumes"):
            yield self.object("volume", v["VolumeId"], size=v["Size"], tags=tag_map(v.get("Tags")))
        for s in self.pages(self.ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"]):
            yield self.object(
                "snapshot", s["SnapshotId"], source=s["VolumeId"], size=s["VolumeSize"], tags=tag_map(s.get("Tags"))
            )

    def instances(self):
        for d in self.pages(self.rds, "describe_db_instances", "DBInstances"):
            yield self.object(
                "instance",
                d["DBInstanceIdentifier"],
                arn=d["DBInstanceArn"],
                size=d["AllocatedStorage"],
                tags=tag_map(d.get("TagList")),
            )
        for s in self.pages(self.rds, "describe_db_snapshots", "DBSnapshots"):
            if s["SnapshotType"] != "manual":
                continue
            yield self.object(
                "instance-snapshot",
                s["DBSnapshotIdentifier"],
                arn=s["DBSnapshotArn"],
                source=s["DBInstanceIdentifier"],
                tags=tag_map(s.get("TagList")),
            )

    def tables(self):
        for name in self.pages(self.dynamodb, "list_tables", "TableNames"):
            arn = self.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
            tags = self.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
            items = self.dynamodb.scan(TableName=name, Select="COUNT")["Count"]
            yield self.object("table", name, arn=arn, size=items, tags=tag_map(tags))
        for b in self.dynamodb.list_backups()["BackupSummaries"]:
            yield self.object("table-backup", b["BackupName"], arn=b["BackupArn"], source=b["TableName"], tags={})

    @staticmethod
    def pages(client, operation, key, **arguments):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page[key]


def main():
    action, endpoint, accounts, regions = sys.argv[1:]
    places = [Place(endpoint, a, r) for a in accounts.split(",") for r in regions.split(",")]
    with concurrent.futures.ThreadPoolExecutor(len(places)) as pool:
        if action == "create":
            list(pool.map(Place.create, places))
        else:
            seen = pool.map(lambda place: list(place.see()), places)
            json.dump([thing for things in seen for thing in things], sys.stdout)


main()
